import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { DeductionRequest } from '../../../core/contract';
import { chosenWallet, customerField, walletField } from '../../shared/customer';
import { amountField, noteField, referenceField } from '../../shared/moneyFields';
import { requiredText, textOf } from '../../shared/parameters';

type AmountDeduction = Extract<DeductionRequest, { source: 'amount' }>;

const show = { source: ['amount'] };

export const amountFields: INodeProperties[] = [
  { ...walletField, displayOptions: { show } },
  { ...customerField, displayOptions: { show: { ...show, wallet: ['customer'] } } },
  {
    ...amountField,
    description: 'In credits, above zero, with at most 6 decimals. Refused when the balance does not cover it.',
    displayOptions: { show },
  },
  { ...referenceField, displayOptions: { show } },
  {
    displayName: 'Additional Fields',
    name: 'amountOptions',
    type: 'collection',
    placeholder: 'Add Field',
    default: {},
    displayOptions: { show },
    options: [{ ...noteField, placeholder: 'e.g. Setup of a second agent' }],
  },
];

export async function readAmount(context: IExecuteFunctions, itemIndex: number): Promise<AmountDeduction> {
  const { note } = context.getNodeParameter('amountOptions', itemIndex, {}) as { note?: unknown };
  return {
    source: 'amount',
    ...(await chosenWallet(context, itemIndex)),
    amount: requiredText(context, 'amount', 'Amount (Credits)', itemIndex),
    idempotency_key: requiredText(context, 'reference', 'Reference', itemIndex),
    note: textOf(note),
  };
}
