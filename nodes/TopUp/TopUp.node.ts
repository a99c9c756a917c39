import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import type { Operation, TopUpRequest } from '../../core/contract';
import { chosenWallet, customerField, searchCustomers, walletField } from '../shared/customer';
import { forEachItem } from '../shared/items';
import { amountField, noteField, referenceField } from '../shared/moneyFields';
import { requiredText, textOf } from '../shared/parameters';
import { CREDENTIAL, talktimeRequest } from '../shared/transport';

export class TopUp implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Top Up',
    name: 'topUp',
    icon: { light: 'file:../icons/topUp.svg', dark: 'file:../icons/topUp.dark.svg' },
    group: ['output'],
    version: 1,
    subtitle: '={{ $parameter["kind"] === "bonus" ? "Bonus" : "Paid" }}: {{ $parameter["amount"] }} credits',
    description:
      "Add credits to a customer's wallet, paid or as a bonus. This gives away credits that are worth money: use it only for a payment or gift that was agreed.",
    defaults: { name: 'Top Up' },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: CREDENTIAL, required: true }],
    properties: [
      walletField,
      {
        displayName: "A partner cannot fill its own wallet: this needs a credential with the host's API key.",
        name: 'partnerNotice',
        type: 'notice',
        default: '',
        displayOptions: { show: { wallet: ['partner'] } },
      },
      { ...customerField, description: 'Who gets the credits', displayOptions: { show: { wallet: ['customer'] } } },
      amountField,
      {
        displayName: 'Kind',
        name: 'kind',
        type: 'options',
        options: [
          { name: 'Paid', value: 'paid', description: 'Credits that were paid for' },
          { name: 'Bonus', value: 'bonus', description: 'A gift: used up before paid credits' },
        ],
        default: 'paid',
        description: 'Whether the credits were paid for or are a gift',
      },
      referenceField,
      {
        displayName: 'Additional Fields',
        name: 'options',
        type: 'collection',
        placeholder: 'Add Field',
        default: {},
        options: [noteField],
      },
    ],
  };

  methods = { listSearch: { searchCustomers } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const results = await forEachItem(this, async (itemIndex) => {
      const { note } = this.getNodeParameter('options', itemIndex, {}) as { note?: unknown };
      const body: TopUpRequest = {
        ...(await chosenWallet(this, itemIndex)),
        amount: requiredText(this, 'amount', 'Amount (Credits)', itemIndex),
        kind: this.getNodeParameter('kind', itemIndex, 'paid') as TopUpRequest['kind'],
        idempotency_key: requiredText(this, 'reference', 'Reference', itemIndex),
        note: textOf(note),
      };
      return await talktimeRequest<Operation>(this, { method: 'POST', path: '/v1/top-ups', body }, itemIndex);
    });
    return [results.map(({ item }) => item)];
  }
}
