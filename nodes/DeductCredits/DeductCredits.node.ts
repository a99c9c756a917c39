import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import type { DeductionRequest, DeductionResult } from '../../core/contract';
import { searchCustomers } from '../shared/customer';
import { forEachItem } from '../shared/items';
import { providerWebhookFields, readProviderWebhook } from '../shared/providerWebhook';
import { CREDENTIAL, talktimeRequest } from '../shared/transport';
import { deductTogether } from './batch';
import { amountFields, readAmount } from './sources/amount';
import { callFields, readCall } from './sources/call';

type Source = 'providerWebhook' | 'call' | 'amount';

export class DeductCredits implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Deduct Credits',
    name: 'deductCredits',
    icon: { light: 'file:../icons/deductCredits.svg', dark: 'file:../icons/deductCredits.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle: '={{ { providerWebhook: "Provider webhook", call: "Call", amount: "Amount" }[$parameter["source"]] }}',
    description: "Charge a call or an amount to a customer's prepaid credits. This costs the customer money.",
    defaults: { name: 'Deduct Credits' },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: CREDENTIAL, required: true }],
    properties: [
      {
        displayName: 'Source',
        name: 'source',
        type: 'options',
        noDataExpression: true,
        options: [
          {
            name: 'Provider Webhook',
            value: 'providerWebhook',
            description: "The voice provider's webhook as it came: Talktime verifies and reads it",
          },
          { name: 'Call', value: 'call', description: 'A call that you describe: its ID, its duration, its customer' },
          { name: 'Amount', value: 'amount', description: 'Credits for something that is not a call' },
        ],
        default: 'providerWebhook',
        description: 'Where the figures come from',
      },
      ...providerWebhookFields,
      ...callFields,
      ...amountFields,
    ],
  };

  methods = { listSearch: { searchCustomers } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const source = this.getNodeParameter('source', 0, 'providerWebhook') as Source;
    const results =
      source === 'providerWebhook'
        ? await forEachItem(this, (itemIndex) => deductWebhook(this, itemIndex))
        : await deductTogether(this, source === 'call' ? readCall : readAmount);
    const suspended = results.filter(({ item }) => item.json.outcome === 'suspense').length;
    if (suspended > 0) {
      this.addExecutionHints({
        message: `${suspended === 1 ? '1 call was' : `${suspended} calls were`} not charged yet and wait in suspense. The field "message" says why: assign them in Talktime, or map the agent or number to a customer.`,
        type: 'warning',
        location: 'outputPane',
      });
    }
    return [results.map(({ item }) => item)];
  }
}

async function deductWebhook(context: IExecuteFunctions, itemIndex: number): Promise<DeductionResult> {
  const body: DeductionRequest = {
    source: 'provider_webhook',
    ...(await readProviderWebhook(context, itemIndex)),
  };
  return await talktimeRequest(context, { method: 'POST', path: '/v1/deductions', body }, itemIndex);
}
