import type { IExecuteFunctions } from 'n8n-workflow';
import type { DeductionBatchRequest, DeductionBatchResult } from '../../core/contract';
import { failedUnlessStopping, succeeded, type ItemResult } from '../shared/items';
import { refusal } from '../shared/refusals';
import { talktimeRequest } from '../shared/transport';

type Deduction = DeductionBatchRequest['items'][number];

/** What the service takes in one request. */
const LARGEST_BATCH = 1000;

/**
 * Deducts all items in as few requests as there can be. All are read first: when the node is to stop at an item that cannot
 * be read, nothing was charged yet. One that the service refuses takes no others along.
 */
export async function deductTogether(
  context: IExecuteFunctions,
  read: (context: IExecuteFunctions, itemIndex: number) => Promise<Deduction>,
): Promise<ItemResult[]> {
  const results: ItemResult[] = [];
  const readable: { itemIndex: number; body: Deduction }[] = [];
  for (let itemIndex = 0; itemIndex < context.getInputData().length; itemIndex += 1) {
    try {
      readable.push({ itemIndex, body: await read(context, itemIndex) });
    } catch (error) {
      results[itemIndex] = failedUnlessStopping(context, error, itemIndex);
    }
  }
  for (let start = 0; start < readable.length; start += LARGEST_BATCH) {
    const batch = readable.slice(start, start + LARGEST_BATCH);
    const answers = await send(context, batch);
    batch.forEach(({ itemIndex }, place) => (results[itemIndex] = answers(itemIndex, place)));
  }
  return results;
}

/** Sends a batch. Answers what became of each; a request that was not answered as a whole is every item's failure. */
async function send(
  context: IExecuteFunctions,
  batch: readonly { itemIndex: number; body: Deduction }[],
): Promise<(itemIndex: number, place: number) => ItemResult> {
  const body: DeductionBatchRequest = { items: batch.map((each) => each.body) };
  try {
    const request = { method: 'POST', path: '/v1/deductions/batch', body } as const;
    const { results } = await talktimeRequest<DeductionBatchResult>(context, request, batch[0]?.itemIndex);
    return (itemIndex, place) => {
      const result = results[place];
      if (result === undefined) throw new TypeError('The service answered fewer items than it was sent');
      return result.outcome === 'refused'
        ? failedUnlessStopping(context, refusal(context.getNode(), result.problem, itemIndex), itemIndex)
        : succeeded(result, itemIndex);
    };
  } catch (error) {
    return (itemIndex) => failedUnlessStopping(context, error, itemIndex);
  }
}
