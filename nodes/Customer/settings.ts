import type { INodeProperties } from 'n8n-workflow';
import type { OnboardingRequest } from '../../core/contract';
import { textOf } from '../shared/parameters';

/** The customer's Manage panel. What is not added stays as it is; for a new customer it is off. */
export const settingsField: INodeProperties = {
  displayName: 'Settings',
  name: 'settings',
  type: 'collection',
  placeholder: 'Add Setting',
  default: {},
  description: 'What is not added stays as it is. For a new customer it is off.',
  options: [
    {
      displayName: 'AI Credit Price Per Minute',
      name: 'price',
      type: 'string',
      default: '',
      placeholder: 'e.g. 0.12',
      description: 'What a minute costs the customer. A new price is a new version of the rate, from now on.',
    },
    {
      displayName: 'AI Credits Enabled',
      name: 'ai_credits_enabled',
      type: 'boolean',
      default: true,
      description: "Whether calls deduct from the customer. When off, they deduct from the partner's balance.",
    },
    {
      displayName: 'Customer Portal Enabled',
      name: 'customer_portal_enabled',
      type: 'boolean',
      default: true,
      description: 'Whether the customer may open the portal',
    },
    {
      displayName: 'End Calls When Exhausted',
      name: 'end_calls_when_exhausted',
      type: 'boolean',
      default: false,
      description: "Whether to hang up when the balance has run out. Needs the provider's API key in Talktime.",
    },
    {
      displayName: 'Grace Period (Seconds)',
      name: 'grace_seconds',
      type: 'number',
      typeOptions: { minValue: 0, maxValue: 3600 },
      default: 30,
      description: 'How long a call may run past the balance instead of being cut mid-sentence',
    },
    {
      displayName: 'Longest Call (Seconds)',
      name: 'max_call_seconds',
      type: 'number',
      typeOptions: { minValue: 1, maxValue: 86400 },
      default: 3600,
      description: 'The longest call that is authorised',
    },
    {
      displayName: 'Low Credit Notifications Enabled',
      name: 'low_credit_notifications_enabled',
      type: 'boolean',
      default: true,
      description: 'Whether to tell when the balance comes down to the threshold',
    },
    {
      displayName: 'Low Credit Threshold',
      name: 'low_credit_threshold',
      type: 'string',
      default: '',
      placeholder: 'e.g. 100',
      description: 'In credits. Empty for none.',
    },
    {
      displayName: 'Max Concurrent Calls',
      name: 'max_concurrent_calls',
      type: 'string',
      default: '',
      placeholder: 'e.g. 5',
      description: 'Authorised calls at once. Empty for no limit.',
    },
    {
      displayName: 'Max Spend Per Day (Credits)',
      name: 'max_spend_per_day',
      type: 'string',
      default: '',
      description: 'Credits that calls may be authorised for in a day (UTC). Empty for no limit.',
    },
    {
      displayName: 'Max Spend Per Month (Credits)',
      name: 'max_spend_per_month',
      type: 'string',
      default: '',
      description: 'Credits that calls may be authorised for in a month (UTC). Empty for no limit.',
    },
    {
      displayName: 'Overdraft (Credits)',
      name: 'overdraft',
      type: 'string',
      default: '0',
      description: 'Credits that the balance may go below zero',
    },
    {
      displayName: 'Price Unit',
      name: 'priceUnit',
      type: 'options',
      options: [
        { name: 'Credits', value: 'credits' },
        { name: 'Money', value: 'money', description: 'In your currency, converted by what a credit is worth' },
      ],
      default: 'money',
      description: 'What the price per minute is given in',
    },
    {
      displayName: 'Restrict Credit Plan Visibility',
      name: 'restrict_credit_plan_visibility',
      type: 'boolean',
      default: false,
      description: 'Whether the customer sees only the plans that are listed',
    },
    {
      displayName: 'Shortfall',
      name: 'shortfall_policy',
      type: 'options',
      options: [
        { name: 'Customer Owes It', value: 'debt' },
        { name: 'Partner Pays It', value: 'partner' },
      ],
      default: 'debt',
      description: 'Who pays what an ended call costs beyond the balance',
    },
    {
      displayName: 'Show Pricing Information',
      name: 'show_pricing_information',
      type: 'boolean',
      default: true,
      description: 'Whether the customer may see rate and balance',
    },
    {
      displayName: 'Visible Credit Plan IDs',
      name: 'visible_credit_plan_ids',
      type: 'string',
      default: '',
      placeholder: 'e.g. starter-100,pro-500',
      description: 'Comma-separated',
    },
  ],
};

type Settings = NonNullable<OnboardingRequest['settings']>;

/** Empty means no limit in these. */
const NULLABLE = ['low_credit_threshold', 'max_spend_per_day', 'max_spend_per_month'] as const;
const AS_THEY_ARE = [
  'ai_credits_enabled',
  'customer_portal_enabled',
  'end_calls_when_exhausted',
  'grace_seconds',
  'low_credit_notifications_enabled',
  'max_call_seconds',
  'overdraft',
  'restrict_credit_plan_visibility',
  'shortfall_policy',
  'show_pricing_information',
] as const;

/** The settings as the service takes them; undefined when none was added. */
export function readSettings(added: Record<string, unknown>): Settings | undefined {
  const patch: Record<string, unknown> = {};
  for (const name of AS_THEY_ARE) if (added[name] !== undefined) patch[name] = added[name];
  for (const name of NULLABLE) if (added[name] !== undefined) patch[name] = textOf(added[name]) ?? null;
  if (added.max_concurrent_calls !== undefined) {
    const most = textOf(added.max_concurrent_calls);
    patch.max_concurrent_calls = most === undefined ? null : Number(most);
  }
  const price = textOf(added.price);
  if (price !== undefined)
    patch.price_per_minute = added.priceUnit === 'credits' ? { credits: price } : { money: price };
  if (added.visible_credit_plan_ids !== undefined)
    patch.visible_credit_plan_ids = String(added.visible_credit_plan_ids)
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== '');
  return Object.keys(patch).length === 0 ? undefined : (patch as Settings);
}
