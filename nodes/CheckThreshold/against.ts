import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { requiredText } from '../shared/parameters';

/** What the balance is checked against, beside its levels. */
export const againstFields: INodeProperties[] = [
  {
    displayName: 'Check Against',
    name: 'checkAgainst',
    type: 'options',
    noDataExpression: true,
    options: [
      { name: 'Amount', value: 'amount', description: 'Whether the available credits cover an amount' },
      { name: 'Call of Some Minutes', value: 'minutes', description: "Whether they cover a call's price at the rate" },
      { name: 'Levels Only', value: 'none', description: 'The status: ok, low, critical or exhausted' },
    ],
    default: 'none',
    description: 'What to compare the balance with. The answer is in "check": needed, enough, missing.',
  },
  {
    displayName: 'Amount (Credits)',
    name: 'amount',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. 100',
    description: 'Credits that should be there and not be held for live calls',
    displayOptions: { show: { checkAgainst: ['amount'] } },
  },
  {
    displayName: 'Minutes',
    name: 'minutes',
    type: 'string',
    required: true,
    default: '10',
    placeholder: 'e.g. 10',
    description: 'Length of the call. Its price follows from the rate and the rounding of whoever pays.',
    displayOptions: { show: { checkAgainst: ['minutes'] } },
  },
];

export function readAgainst(context: IExecuteFunctions, itemIndex: number): { amount?: string; minutes?: string } {
  const against = context.getNodeParameter('checkAgainst', itemIndex, 'none');
  if (against === 'amount') return { amount: requiredText(context, 'amount', 'Amount (Credits)', itemIndex) };
  if (against === 'minutes') return { minutes: requiredText(context, 'minutes', 'Minutes', itemIndex) };
  return {};
}
