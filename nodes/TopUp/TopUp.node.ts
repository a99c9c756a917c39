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
import { searchPlans } from '../shared/plan';
import { CREDENTIAL, talktimeRequest } from '../shared/transport';
import { createPaymentLink, paymentLinkFields } from './paymentLink';

export class TopUp implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Top Up',
    name: 'topUp',
    icon: { light: 'file:../icons/topUp.svg', dark: 'file:../icons/topUp.dark.svg' },
    group: ['output'],
    version: 1,
    subtitle:
      '={{ $parameter["operation"] === "paymentLink" ? "Payment link" : ($parameter["kind"] === "bonus" ? "Bonus: " : "Paid: ") + $parameter["amount"] + " credits" }}',
    description:
      "Add credits to a customer's wallet, paid or as a bonus, or create a link to pay for them. Adding gives away credits that are worth money: use it only for a payment or gift that was agreed.",
    defaults: { name: 'Top Up' },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: CREDENTIAL, required: true }],
    properties: [
      {
        displayName: 'Operation',
        name: 'operation',
        type: 'options',
        noDataExpression: true,
        options: [
          {
            name: 'Add Credits',
            value: 'topUp',
            description: 'Add credits now: they were paid for elsewhere, or are a gift',
            action: 'Add credits',
          },
          {
            name: 'Create Payment Link',
            value: 'paymentLink',
            description: 'Get a page of Stripe on which somebody pays for credits',
            action: 'Create a payment link',
          },
        ],
        default: 'topUp',
      },
      {
        displayName:
          'The link comes out under <b>url</b> and works for 30 minutes. The credits come by themselves once it is paid: start a workflow with the Talktime Trigger, event <b>Payment Succeeded</b>, to hear of it.',
        name: 'linkNotice',
        type: 'notice',
        default: '',
        displayOptions: { show: { operation: ['paymentLink'] } },
      },
      walletField,
      {
        displayName: "A partner cannot fill its own wallet: this needs a credential with the host's API key.",
        name: 'partnerNotice',
        type: 'notice',
        default: '',
        displayOptions: { show: { wallet: ['partner'], operation: ['topUp'] } },
      },
      { ...customerField, description: 'Who gets the credits', displayOptions: { show: { wallet: ['customer'] } } },
      ...paymentLinkFields,
      { ...amountField, displayOptions: { show: { operation: ['topUp'] } } },
      {
        displayName: 'Kind',
        name: 'kind',
        type: 'options',
        options: [
          { name: 'Paid', value: 'paid', description: 'Credits that were paid for' },
          { name: 'Bonus', value: 'bonus', description: 'A gift: used up before paid credits' },
        ],
        default: 'paid',
        displayOptions: { show: { operation: ['topUp'] } },
        description: 'Whether the credits were paid for or are a gift',
      },
      referenceField,
      {
        displayName: 'Additional Fields',
        name: 'options',
        type: 'collection',
        placeholder: 'Add Field',
        default: {},
        displayOptions: { show: { operation: ['topUp'] } },
        options: [noteField],
      },
    ],
  };

  methods = { listSearch: { searchCustomers, searchPlans } };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const operation = this.getNodeParameter('operation', 0, 'topUp');
    const results = await forEachItem(this, async (itemIndex) => {
      if (operation === 'paymentLink') return createPaymentLink(this, itemIndex);
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
