import {
  NodeApiError,
  NodeOperationError,
  type IDataObject,
  type IExecuteFunctions,
  type INodeExecutionData,
} from 'n8n-workflow';
import { codeOf } from './refusals';

export interface ItemResult {
  item: INodeExecutionData;
  failed: boolean;
}

/**
 * Runs `work` for each input item, in order, and pairs each result with its item. With "On Error" set to continue, an item
 * that failed carries `error` (what happened) and `details` (what to do, and the code): the two keys that n8n's error output knows.
 */
export async function forEachItem(
  context: IExecuteFunctions,
  work: (itemIndex: number) => Promise<object>,
): Promise<ItemResult[]> {
  const results: ItemResult[] = [];
  for (let itemIndex = 0; itemIndex < context.getInputData().length; itemIndex += 1) {
    try {
      results.push(succeeded(await work(itemIndex), itemIndex));
    } catch (error) {
      results.push(failedUnlessStopping(context, error, itemIndex));
    }
  }
  return results;
}

/** An item that went well, paired with its input. */
export function succeeded(json: object, itemIndex: number): ItemResult {
  return { item: { json: json as IDataObject, pairedItem: { item: itemIndex } }, failed: false };
}

/** An item that did not, when the node is to go on. @throws the error when it is to stop */
export function failedUnlessStopping(context: IExecuteFunctions, error: unknown, itemIndex: number): ItemResult {
  const nodeError = asNodeError(context, error, itemIndex);
  if (!context.continueOnFail()) throw nodeError;
  const details = { description: nodeError.description ?? '', code: codeOf(nodeError) ?? 'NODE_SETUP' };
  // What it came with goes on with it: n8n adds the input's fields by itself, but not its files, such as a webhook's raw body.
  const { binary } = context.getInputData()[itemIndex] ?? {};
  const json = { error: nodeError.message, details };
  return { item: { json, ...(binary && { binary }), pairedItem: { item: itemIndex } }, failed: true };
}

function asNodeError(context: IExecuteFunctions, error: unknown, itemIndex: number): NodeApiError | NodeOperationError {
  if (error instanceof NodeApiError || error instanceof NodeOperationError) return error;
  return new NodeOperationError(context.getNode(), error as Error, { itemIndex });
}
