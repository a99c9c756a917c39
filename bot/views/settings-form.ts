import type { Plan } from '@talktime/core/contract';
import { parseDecimal } from '@talktime/core/money';
import { plainAmount } from '../commands/customer';
import { header, divider, section } from '../messages/message';
import { GATE_WORDS, priceText, roundingText, SETTING_NAMES, SHORTFALL_WORDS } from '../messages/settings';
import { inert } from '../messages/text';
import type { Panel, Settings, SettingsChange } from '../ports';
import { choiceInput, choicesInput, switchesInput, textInput, type Choice } from './inputs';
import type { ModalBlock } from './modal';
import type { FormValues } from './values';

/** A customer's Manage panel as inputs, and back: what was changed in it. Block ids are the settings' names. */

/** Switches stand in groups, since Slack has no single one. */
const SWITCHES = {
  credits: [['ai_credits_enabled', 'Calls deduct from the customer. Off: from your own balance.']],
  alerts: [['low_credit_notifications_enabled', 'Warns before calls fail.']],
  visibility: [
    ['show_pricing_information', 'The customer may see rate and balance.'],
    ['customer_portal_enabled', 'The customer may log in.'],
    ['restrict_credit_plan_visibility', 'The customer sees only the plans chosen below.'],
  ],
  ending: [['end_calls_when_exhausted', 'Hang up when the balance has run out. Needs the provider’s API key.']],
} as const;

const ROUNDINGS = ['1/1', '6/6', '30/6', '60/60'];

export function settingsBlocks(panel: Panel, plans: readonly Plan[]): ModalBlock[] {
  const { settings } = panel;
  const text = (
    id: TextSetting,
    { hint, optional, placeholder }: { hint?: string; optional?: boolean; placeholder?: string } = {},
  ) =>
    textInput({
      id,
      label: SETTING_NAMES[id],
      value: textsOf(settings)[id],
      most: 40,
      hint,
      placeholder,
      // An empty required input would be stopped by Slack before it says why it is required.
      optional: optional ?? false,
    });
  const rounding = roundingOf(settings);
  const roundings = ROUNDINGS.includes(rounding) ? ROUNDINGS : [rounding, ...ROUNDINGS];
  return [
    section(`*${inert(panel.customer.name)}*: what is left as it is stays as it is, also if somebody else changes it.`),
    header('Credits'),
    switches('credits', 'Who pays for calls', settings),
    text('price_per_minute', { hint: priceHint(panel), optional: true, placeholder: '12' }),
    choiceInput({
      id: 'rounding',
      label: SETTING_NAMES.rounding,
      choices: roundings.map(roundingChoice),
      chosen: rounding,
    }),
    text('grace_seconds', { hint: 'Lets a call run a little past the limit instead of being cut.' }),
    header('Alerts'),
    text('low_credit_threshold', { hint: 'In credits. Empty: none.', optional: true, placeholder: '100' }),
    switches('alerts', 'Notifications', settings),
    header('What the customer sees'),
    switches('visibility', 'Visibility', settings),
    ...planBlocks(settings, plans),
    divider(),
    header('Advanced'),
    text('max_call_seconds'),
    text('max_concurrent_calls', { hint: 'Empty: no limit.', optional: true }),
    text('overdraft', { hint: 'How far the balance may go below zero.' }),
    choiceInput({
      id: 'shortfall_policy',
      label: SETTING_NAMES.shortfall_policy,
      choices: wordChoices(SHORTFALL_WORDS, 'is paid by '),
      chosen: settings.shortfall_policy,
    }),
    text('max_spend_per_day', { hint: 'Empty: no limit. A day is one of UTC.', optional: true }),
    text('max_spend_per_month', { hint: 'Empty: no limit.', optional: true }),
    switches('ending', 'Live calls', settings),
    choiceInput({
      id: 'gate_failure',
      label: SETTING_NAMES.gate_failure,
      choices: wordChoices(GATE_WORDS),
      chosen: settings.gate_failure,
    }),
  ];
}

/** What was changed, by what the panel held when it was opened; or what can't be sent at all, by block ids. */
export function changeOf(
  values: FormValues,
  panel: Panel,
): { readonly change: SettingsChange; readonly errors: Readonly<Record<string, string>> } {
  const { settings } = panel;
  const change: SettingsChange = {};
  const errors: Record<string, string> = {};
  for (const group of Object.keys(SWITCHES) as (keyof typeof SWITCHES)[]) {
    const on = values.choices(group);
    for (const [setting] of SWITCHES[group])
      if (on.includes(setting) !== settings[setting]) change[setting] = on.includes(setting);
  }
  const before = textsOf(settings);
  const changed = (setting: TextSetting) => {
    const typed = values.text(setting);
    return same(typed, before[setting]) ? undefined : typed;
  };

  const price = changed('price_per_minute');
  if (price === '') errors.price_per_minute = 'A price stays once it is set. Type 0 for calls that cost nothing.';
  else if (price !== undefined) change.price_per_minute = readPrice(price, panel.currency);
  const rounding = values.choice('rounding');
  if (rounding !== null && rounding !== roundingOf(settings)) change.rounding = readRounding(rounding);

  for (const setting of ['grace_seconds', 'max_call_seconds'] as const) {
    const typed = changed(setting);
    if (typed === undefined) continue;
    if (WHOLE.test(plainAmount(typed))) change[setting] = Number(plainAmount(typed));
    else errors[setting] = 'A whole number of seconds, such as 30.';
  }
  const calls = changed('max_concurrent_calls');
  if (calls === '') change.max_concurrent_calls = null;
  else if (calls !== undefined && WHOLE.test(plainAmount(calls)))
    change.max_concurrent_calls = Number(plainAmount(calls));
  else if (calls !== undefined) errors.max_concurrent_calls = 'A whole number, or nothing for no limit.';

  const overdraft = changed('overdraft');
  if (overdraft !== undefined) change.overdraft = plainAmount(overdraft) || '0';
  for (const setting of ['low_credit_threshold', 'max_spend_per_day', 'max_spend_per_month'] as const) {
    const typed = changed(setting);
    if (typed !== undefined) change[setting] = typed === '' ? null : plainAmount(typed);
  }

  const policy = values.choice('shortfall_policy');
  if ((policy === 'debt' || policy === 'partner') && policy !== settings.shortfall_policy)
    change.shortfall_policy = policy;
  const gate = values.choice('gate_failure');
  if ((gate === 'closed' || gate === 'open') && gate !== settings.gate_failure) change.gate_failure = gate;
  if (values.has('visible_credit_plan_ids')) {
    const chosen = values.choices('visible_credit_plan_ids');
    if (!sameIds(chosen, settings.visible_credit_plan_ids)) change.visible_credit_plan_ids = chosen;
  }
  return { change, errors };
}

const WHOLE = /^\d{1,9}$/;

/** The settings that are typed. */
type TextSetting =
  | 'price_per_minute'
  | 'grace_seconds'
  | 'low_credit_threshold'
  | 'max_call_seconds'
  | 'max_concurrent_calls'
  | 'overdraft'
  | 'max_spend_per_day'
  | 'max_spend_per_month';

function textsOf(settings: Settings): Record<TextSetting, string> {
  const orEmpty = (value: number | null | undefined) => (value == null ? '' : String(value));
  return {
    price_per_minute: orEmpty(settings.rate?.credits_per_minute),
    grace_seconds: String(settings.grace_seconds),
    low_credit_threshold: orEmpty(settings.low_credit_threshold),
    max_call_seconds: String(settings.max_call_seconds),
    max_concurrent_calls: orEmpty(settings.max_concurrent_calls),
    overdraft: String(settings.overdraft),
    max_spend_per_day: orEmpty(settings.max_spend_per_day),
    max_spend_per_month: orEmpty(settings.max_spend_per_month),
  };
}

/** Whether nothing was changed: "12.0" and "12" are the same. */
function same(typed: string, before: string): boolean {
  if (typed === before) return true;
  const [a, b] = [parseDecimal(plainAmount(typed)), parseDecimal(before)];
  return a.ok && b.ok && a.value === b.value;
}

const sameIds = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((id) => b.includes(id));

/** "12" and "12 credits" are credits; with the partner's currency ("$0.12", "0.12 USD") it is money. */
function readPrice(typed: string, currency: string): NonNullable<SettingsChange['price_per_minute']> {
  const marks = [currency, symbolOf(currency)].map((mark) => mark.toLowerCase());
  const lower = typed.toLowerCase();
  const bare = marks.reduce((text, mark) => text.replace(mark, ''), lower).trim();
  if (bare !== lower) return { money: plainAmount(bare) };
  return { credits: plainAmount(lower.replace(/\s*credits?$/, '')) };
}

function symbolOf(currency: string): string {
  const parts = new Intl.NumberFormat('en-US', { style: 'currency', currency }).formatToParts(0);
  return parts.find(({ type }) => type === 'currency')?.value ?? currency;
}

function priceHint(panel: Panel): string {
  const { rate } = panel.settings;
  const now = rate ? `Now ${priceText(rate.credits_per_minute, panel)}. ` : 'Not set yet. ';
  return `${now}In credits (12), or in money (${symbolOf(panel.currency)}0.12). Holds for calls from now on.`;
}

function roundingOf({ rate }: Settings): string {
  return rate ? `${rate.rounding.initial_seconds}/${rate.rounding.increment_seconds}` : '1/1';
}

function readRounding(value: string): NonNullable<SettingsChange['rounding']> {
  const [initial_seconds = 1, increment_seconds = 1] = value.split('/').map(Number);
  return { initial_seconds, increment_seconds };
}

function roundingChoice(value: string): Choice {
  const { initial_seconds, increment_seconds } = readRounding(value);
  return { value, text: `${value}: ${roundingText(initial_seconds, increment_seconds)}` };
}

function wordChoices(words: Readonly<Record<string, string>>, before = ''): Choice[] {
  return Object.entries(words).map(([value, text]) => ({ value, text: before + text }));
}

function switches(group: keyof typeof SWITCHES, label: string, settings: Settings): ModalBlock {
  const all = SWITCHES[group];
  return switchesInput({
    id: group,
    label,
    switches: all.map(([value, description]) => ({ value, text: SETTING_NAMES[value], description })),
    on: all.flatMap(([setting]) => (settings[setting] ? [setting] : [])),
  });
}

/** The most options that a menu takes. */
const MOST_PLANS = 100;

/** The active plans, and those that are chosen already. */
function planBlocks({ visible_credit_plan_ids: chosen }: Settings, plans: readonly Plan[]): ModalBlock[] {
  const known = plans.map(({ id, name }) => ({ value: id, text: inert(name), description: id }));
  const others = chosen.filter((id) => !plans.some((plan) => plan.id === id));
  const choices = [...others.map((id) => ({ value: id, text: id, description: 'not active' })), ...known];
  if (choices.length === 0) return [];
  return [
    choicesInput({
      id: 'visible_credit_plan_ids',
      label: SETTING_NAMES.visible_credit_plan_ids,
      hint: 'They count when plan visibility is restricted.',
      choices: choices.slice(0, MOST_PLANS),
      chosen,
      optional: true,
    }),
  ];
}
