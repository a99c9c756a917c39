import { creditsToMoney } from '@talktime/core/money';
import type { Panel, SavedSettings, Settings } from '../ports';
import { credits, fromWire, money } from './amounts';
import { section, type MessageBlock } from './message';
import { code, inert } from './text';

/** The settings' names, as the playbook and the form have them. */
export const SETTING_NAMES = {
  ai_credits_enabled: 'AI Credits Enabled',
  price_per_minute: 'AI Credit Price Per Minute',
  rounding: 'Rounding',
  grace_seconds: 'Grace Period (seconds)',
  low_credit_threshold: 'Low Credit Threshold',
  low_credit_notifications_enabled: 'Low Credit Notifications Enabled',
  show_pricing_information: 'Show Pricing Information',
  customer_portal_enabled: 'Customer Portal Enabled',
  restrict_credit_plan_visibility: 'Restrict Credit Plan Visibility',
  visible_credit_plan_ids: 'Visible Customer Credit Plans',
  max_call_seconds: 'Longest call (seconds)',
  max_concurrent_calls: 'Calls at once',
  overdraft: 'Overdraft (credits)',
  shortfall_policy: 'What a call costs beyond the balance',
  max_spend_per_day: 'Most credits a day',
  max_spend_per_month: 'Most credits a month',
  end_calls_when_exhausted: 'End calls when exhausted',
  gate_failure: 'When the ledger cannot answer',
} as const;

export type SettingName = keyof typeof SETTING_NAMES;

export const SHORTFALL_WORDS = { debt: 'the customer, as debt', partner: 'you, from your own balance' } as const;
export const GATE_WORDS = { closed: 'refuse the call', open: 'let the call through' } as const;

/** "12 credits ($0.12)" */
export function priceText(creditsPerMinute: number, { creditValue, currency }: Panel): string {
  const price = fromWire(creditsPerMinute);
  return `${credits(price)} (${money(creditsToMoney(price, fromWire(creditValue)), currency)})`;
}

/** "each second", "the first 30 s, then each 6 s" */
export function roundingText(initial: number, increment: number): string {
  const step = increment === 1 ? 'each second' : `each ${increment} s`;
  return initial === increment ? step : `the first ${initial} s, then ${step}`;
}

/** What was saved, setting by setting, and what it is not enough for. */
export function savedBlocks({ panel, before, repeated }: Extract<SavedSettings, { kind: 'saved' }>): MessageBlock[] {
  const name = `*${inert(panel.customer.name)}*`;
  if (repeated)
    return [section(`✅ The settings of ${name} had been saved already.`), ...warningBlocks(panel.settings)];
  const [old, now] = [before, panel.settings].map((settings) => settingTexts(settings, panel));
  const names = Object.keys(SETTING_NAMES) as SettingName[];
  const changed = names.filter((setting) => old?.[setting] !== now?.[setting]);
  const lines = changed.map((setting) => `• ${SETTING_NAMES[setting]}: ${old?.[setting]} → *${now?.[setting]}*`);
  return [
    section(
      lines.length === 0
        ? `✅ ${name} has these settings already.`
        : [`✅ The settings of ${name} are saved.`, ...lines].join('\n'),
    ),
    ...warningBlocks(panel.settings),
  ];
}

function settingTexts(settings: Settings, panel: Panel): Record<SettingName, string> {
  const { rate } = settings;
  const limit = (amount: number | null) => (amount === null ? 'no limit' : credits(fromWire(amount)));
  return {
    ai_credits_enabled: onOff(settings.ai_credits_enabled),
    price_per_minute: rate ? priceText(rate.credits_per_minute, panel) : 'not set',
    rounding: rate ? roundingText(rate.rounding.initial_seconds, rate.rounding.increment_seconds) : 'each second',
    grace_seconds: settings.grace_seconds.toLocaleString('en-US'),
    low_credit_threshold:
      settings.low_credit_threshold === null ? 'none' : credits(fromWire(settings.low_credit_threshold)),
    low_credit_notifications_enabled: onOff(settings.low_credit_notifications_enabled),
    show_pricing_information: onOff(settings.show_pricing_information),
    customer_portal_enabled: onOff(settings.customer_portal_enabled),
    restrict_credit_plan_visibility: onOff(settings.restrict_credit_plan_visibility),
    visible_credit_plan_ids: planText(settings.visible_credit_plan_ids),
    max_call_seconds: settings.max_call_seconds.toLocaleString('en-US'),
    max_concurrent_calls: settings.max_concurrent_calls?.toLocaleString('en-US') ?? 'no limit',
    overdraft: credits(fromWire(settings.overdraft)),
    shortfall_policy: SHORTFALL_WORDS[settings.shortfall_policy],
    max_spend_per_day: limit(settings.max_spend_per_day),
    max_spend_per_month: limit(settings.max_spend_per_month),
    end_calls_when_exhausted: onOff(settings.end_calls_when_exhausted),
    gate_failure: GATE_WORDS[settings.gate_failure],
  };
}

const PLANS_NAMED = 5;

function planText(ids: readonly string[]): string {
  if (ids.length === 0) return 'none';
  const named = ids.slice(0, PLANS_NAMED).map((id) => code(id));
  return ids.length > PLANS_NAMED ? `${named.join(', ')} and ${ids.length - PLANS_NAMED} more` : named.join(', ');
}

const onOff = (on: boolean) => (on ? 'on' : 'off');

/** What is saved as it was wanted, and does not do what somebody would expect of it. */
function warningBlocks(settings: Settings): MessageBlock[] {
  return [
    ...(settings.ai_credits_enabled && !settings.rate
      ? [
          '⚠️ AI Credits are on and there is no price per minute: calls are not authorised, and those that end wait in suspense.\n*Next:* set AI Credit Price Per Minute.',
        ]
      : []),
    ...(settings.low_credit_notifications_enabled && settings.low_credit_threshold === null
      ? ['⚠️ Notifications are on without a Low Credit Threshold: the first warning comes when the balance is gone.']
      : []),
    ...(settings.restrict_credit_plan_visibility && settings.visible_credit_plan_ids.length === 0
      ? ['⚠️ Plan visibility is restricted to no plan: the customer sees none.']
      : []),
  ].map(section);
}
