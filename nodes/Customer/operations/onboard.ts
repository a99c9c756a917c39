import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import type { Onboarding, OnboardingRequest } from '../../../core/contract';
import { referenceField } from '../../shared/moneyFields';
import { optionalText, requiredText, textOf } from '../../shared/parameters';
import { talktimeRequest } from '../../shared/transport';
import { mappingsField, readMappings } from '../mappings';
import { readSettings, settingsField } from '../settings';

const displayOptions = { show: { operation: ['onboard'] } };

export const onboardFields: INodeProperties[] = [
  {
    displayName: 'Name',
    name: 'name',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. Acme Dental',
    displayOptions,
  },
  {
    ...referenceField,
    placeholder: 'e.g. contract-2026-31',
    hint: 'A contract, order or form number: what is the same when this runs again and different for the next customer',
    displayOptions,
  },
  {
    displayName: 'Initial Credits',
    name: 'initialCredits',
    type: 'string',
    default: '',
    placeholder: 'e.g. 500',
    description: 'Credits to start with. Empty for none.',
    displayOptions,
  },
  { ...settingsField, default: { ai_credits_enabled: true }, displayOptions },
  { ...mappingsField, displayOptions },
  {
    displayName: 'Additional Fields',
    name: 'onboardOptions',
    type: 'collection',
    placeholder: 'Add Field',
    default: {},
    displayOptions,
    options: [
      {
        displayName: 'Credits Are',
        name: 'kind',
        type: 'options',
        options: [
          { name: 'Bonus', value: 'bonus', description: 'A gift: used up before paid credits' },
          { name: 'Paid', value: 'paid', description: 'Credits that were paid for' },
        ],
        default: 'paid',
        description: 'Whether the initial credits were paid for or are a gift',
      },
      {
        displayName: 'Customer ID',
        name: 'customerId',
        type: 'string',
        default: '',
        placeholder: 'e.g. cus_acme',
        description: 'Your own ID of the customer. Talktime makes one unless it is given.',
      },
      {
        displayName: 'Note',
        name: 'note',
        type: 'string',
        default: '',
        placeholder: 'e.g. Starter pack',
        description: 'Shown in the history beside the initial credits, at most 500 characters',
      },
    ],
  },
];

/** Everything in one step, all or nothing, once for a Reference. */
export async function onboard(context: IExecuteFunctions, itemIndex: number): Promise<Onboarding> {
  const options = context.getNodeParameter('onboardOptions', itemIndex, {}) as Record<string, unknown>;
  const amount = optionalText(context, 'initialCredits', itemIndex);
  const kind = options.kind === 'bonus' ? 'bonus' : 'paid';
  const note = textOf(options.note);
  const body: OnboardingRequest = {
    id: textOf(options.customerId),
    name: requiredText(context, 'name', 'Name', itemIndex),
    settings: readSettings(context.getNodeParameter('settings', itemIndex, {}) as Record<string, unknown>),
    mappings: readMappings(context, itemIndex),
    initial_credits: amount === undefined ? undefined : { amount, kind, ...(note && { note }) },
    idempotency_key: requiredText(context, 'reference', 'Reference', itemIndex),
  };
  return await talktimeRequest(context, { method: 'POST', path: '/v1/onboarding', body }, itemIndex);
}
