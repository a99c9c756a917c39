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
    const pairedItem = { item: itemIndex };
    try {
      results.push({ item: { json: (await work(itemIndex)) as IDataObject, pairedItem }, failed: false });
    } catch (error) {
      const nodeError = asNodeError(context, error, itemIndex);
      if (!context.continueOnFail()) throw nodeError;
      const details = { description: nodeError.description ?? '', code: codeOf(nodeError) ?? 'NODE_SETUP' };
      results.push({ item: { json: { error: nodeError.message, details }, pairedItem }, failed: true });
    }
  }
  return results;
}

function asNodeError(context: IExecuteFunctions, error: unknown, itemIndex: number): NodeApiError | NodeOperationError {
  if (error instanceof NodeApiError || error instanceof NodeOperationError) return error;
  return new NodeOperationError(context.getNode(), error as Error, { itemIndex });
}
