import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { CheckoutRequest, Payment } from '../../core/contract';
import { chosenWallet } from '../shared/customer';
import { requiredText, textOf } from '../shared/parameters';
import { chosenPlan, planField } from '../shared/plan';
import { talktimeRequest } from '../shared/transport';

const ofLinks = { operation: ['paymentLink'] };

/** What a payment link asks for, beside the wallet and the Reference. */
export const paymentLinkFields: INodeProperties[] = [
  {
    displayName: 'For',
    name: 'sells',
    type: 'options',
    noDataExpression: true,
    options: [
      { name: 'A Plan', value: 'plan', description: 'One of your credit plans, at its price' },
      { name: 'An Amount of Money', value: 'money', description: 'As many credits as the money buys' },
      { name: 'Credits', value: 'credits', description: 'So many credits, at what one is worth' },
    ],
    default: 'plan',
    displayOptions: { show: ofLinks },
  },
  {
    ...planField,
    description: 'The credit plan that is bought. The list shows those that are active.',
    displayOptions: { show: { ...ofLinks, sells: ['plan'] } },
  },
  {
    displayName: 'Amount of Money',
    name: 'money',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. 60',
    description: 'In your currency, without tax',
    displayOptions: { show: { ...ofLinks, sells: ['money'] } },
  },
  {
    displayName: 'Credits to Buy',
    name: 'credits',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. 5000',
    description: 'In credits, above zero, with at most 6 decimals',
    displayOptions: { show: { ...ofLinks, sells: ['credits'] } },
  },
  {
    displayName: 'Additional Fields',
    name: 'linkOptions',
    type: 'collection',
    placeholder: 'Add Field',
    default: {},
    displayOptions: { show: ofLinks },
    options: [
      {
        displayName: 'Cancel URL',
        name: 'cancelUrl',
        type: 'string',
        default: '',
        placeholder: 'e.g. https://example.com/credits',
        description: 'Where whoever pays comes back to without paying',
      },
      {
        displayName: 'Save Card',
        name: 'saveCard',
        type: 'boolean',
        default: false,
        description: 'Whether to keep the card, for automatic top-ups',
      },
      {
        displayName: 'Success URL',
        name: 'successUrl',
        type: 'string',
        default: '',
        placeholder: 'e.g. https://example.com/thanks',
        description: "Where whoever paid comes back to. Talktime's own page unless you say.",
      },
    ],
  },
];

/** Opens a page of Stripe's: its address is in `url`. The same Reference again answers the same page. */
export async function createPaymentLink(context: IExecuteFunctions, itemIndex: number): Promise<Payment & IDataObject> {
  const { successUrl, cancelUrl, saveCard } = context.getNodeParameter('linkOptions', itemIndex, {}) as IDataObject;
  const body: CheckoutRequest = {
    ...(await chosenWallet(context, itemIndex)),
    ...wanted(context, itemIndex),
    idempotency_key: requiredText(context, 'reference', 'Reference', itemIndex),
    success_url: textOf(successUrl),
    cancel_url: textOf(cancelUrl),
    save_card: saveCard === true ? true : undefined,
  };
  return await talktimeRequest<Payment & IDataObject>(
    context,
    { method: 'POST', path: '/v1/checkouts', body },
    itemIndex,
  );
}

function wanted(
  context: IExecuteFunctions,
  itemIndex: number,
): Pick<CheckoutRequest, 'plan_id' | 'amount' | 'credits'> {
  switch (context.getNodeParameter('sells', itemIndex, 'plan')) {
    case 'money':
      return { amount: requiredText(context, 'money', 'Amount of Money', itemIndex) };
    case 'credits':
      return { credits: requiredText(context, 'credits', 'Credits to Buy', itemIndex) };
    default:
      return { plan_id: chosenPlan(context, itemIndex) };
  }
}
