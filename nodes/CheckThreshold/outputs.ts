import type { ExpressionString, INodeExecutionData } from 'n8n-workflow';
import type { Threshold } from '../../core/contract';
import type { ItemResult } from '../shared/items';

const OUTPUT_NAMES = ['Ok', 'Low', 'Exhausted'] as const;
const OUTPUT_OF: Record<Threshold['status'], number> = { ok: 0, low: 1, critical: 1, exhausted: 2 };
const EXHAUSTED = OUTPUT_OF.exhausted;

/** n8n evaluates this in the editor and before a run: one output, or three with names. */
export const OUTPUTS_EXPRESSION: ExpressionString = `={{ $parameter["splitByStatus"] ? ${JSON.stringify(
  OUTPUT_NAMES.map((displayName) => ({ type: 'main', displayName })),
)} : [{ "type": "main" }] }}`;

/** An item whose balance is unknown counts as exhausted: what follows must not go on as if there were credits. */
export function splitByStatus(results: ItemResult[]): INodeExecutionData[][] {
  const outputs: INodeExecutionData[][] = OUTPUT_NAMES.map(() => []);
  for (const { item, failed } of results) {
    const status = item.json.status as Threshold['status'];
    outputs[failed ? EXHAUSTED : (OUTPUT_OF[status] ?? EXHAUSTED)]?.push(item);
  }
  return outputs;
}
