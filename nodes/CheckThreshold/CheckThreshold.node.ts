import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import type { Threshold } from '../../core/contract';
import { customerField, searchCustomers, walletField } from '../shared/customer';
import { forEachItem } from '../shared/items';
import { CREDENTIAL, talktimeRequest } from '../shared/transport';
import { againstFields, readAgainst } from './against';
import { OUTPUTS_EXPRESSION, splitByStatus } from './outputs';
import { walletToCheck } from './wallet';

export class CheckThreshold implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Check Threshold',
    name: 'checkThreshold',
    icon: { light: 'file:../icons/checkThreshold.svg', dark: 'file:../icons/checkThreshold.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle: '={{ $parameter["wallet"] === "partner" ? "Partner wallet" : "Customer wallet" }}',
    description:
      "Look up the balance, the status (ok, low, critical or exhausted) and the minutes and days left of whoever pays for a customer's calls, and whether that is enough for an amount or for a call of some minutes. Reads only: costs nothing.",
    defaults: { name: 'Check Threshold' },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: OUTPUTS_EXPRESSION,
    credentials: [{ name: CREDENTIAL, required: true }],
    properties: [
      walletField,
      {
        ...customerField,
        default: { mode: 'id', value: '={{ $json.customer_id }}' },
        description:
          'Whose balance to check. As it stands, it takes the customer from the item before, such as the output of Deduct Credits.',
        displayOptions: { show: { wallet: ['customer'] } },
      },
      ...againstFields,
      {
        displayName: 'Split Output by Status',
        name: 'splitByStatus',
        type: 'boolean',
        noDataExpression: true,
        default: false,
        description:
          'Whether to have three outputs: Ok, Low (also for critical) and Exhausted. With On Error set to Continue, an item that could not be checked leaves by Exhausted.',
      },
    ],
  };

  methods = { listSearch: { searchCustomers } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const results = await forEachItem(this, async (itemIndex) => {
      const query = { ...(await walletToCheck(this, itemIndex)), ...readAgainst(this, itemIndex) };
      return await talktimeRequest<Threshold>(this, { method: 'GET', path: '/v1/threshold', query }, itemIndex);
    });
    return this.getNodeParameter('splitByStatus', 0, false)
      ? splitByStatus(results)
      : [results.map(({ item }) => item)];
  }
}
