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
import { CREDENTIAL, talktimeRequest } from '../shared/transport';
import { amountFields, readAmount } from './sources/amount';
import { callFields, readCall } from './sources/call';
import { providerWebhookFields, readProviderWebhook } from './sources/providerWebhook';

type Source = 'providerWebhook' | 'call' | 'amount';

const READ: Record<Source, (context: IExecuteFunctions, itemIndex: number) => Promise<DeductionRequest>> = {
  providerWebhook: readProviderWebhook,
  call: readCall,
  amount: readAmount,
};

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
    let suspended = 0;
    const results = await forEachItem(this, async (itemIndex) => {
      const source = this.getNodeParameter('source', itemIndex) as Source;
      const body = await READ[source](this, itemIndex);
      const result = await talktimeRequest<DeductionResult>(
        this,
        { method: 'POST', path: '/v1/deductions', body },
        itemIndex,
      );
      if (result.outcome === 'suspense') suspended += 1;
      return result;
    });
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
