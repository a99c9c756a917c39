import type { AlertDelivery, AlertNotice, BalanceEvent, BalanceNotice, ThreadEntry } from '@talktime/core/alerts';
import type { Balance, Customer, Partner, Threshold } from '@talktime/core/contract';
import { creditsToMoney, micro, parseDecimal, type Microcredits } from '@talktime/core/money';
import type { BotLogger, CustomerBalance, PartnerBalance, Standing } from '../../bot/ports';

/** Credits by their text: the amounts in these tests read as a message shows them. */
export function creditsOf(text: string): Microcredits {
  const parsed = parseDecimal(text);
  if (!parsed.ok) throw new Error(parsed.refusal);
  return micro(parsed.value);
}

const STATUS_AFTER = {
  low: 'low',
  critical: 'critical',
  exhausted: 'exhausted',
  improved: 'low',
  recovered: 'ok',
  recharge_failed: 'low',
} as const;

/** Acme Dental, threshold 100 credits at 0.01 each, rate 12. */
export function notice(event: BalanceEvent, posted: string, changes: Partial<BalanceNotice> = {}): BalanceNotice {
  const amount = creditsOf(posted);
  return {
    partnerId: 'par_bright',
    walletId: 7,
    episode: 3,
    wallet: 'customer',
    customerId: 'cus_acme',
    name: 'Acme Dental',
    event,
    status: STATUS_AFTER[event],
    posted: amount,
    lowCreditThreshold: creditsOf('100'),
    minutesLeft: Math.max(0, Number(posted) / 12),
    levels: [{ status: 'low', kind: 'credits', value: creditsOf('100'), at: creditsOf('100') }],
    runway: { days: 2.2, from: 1.5, to: 3.4 },
    currency: 'USD',
    money: creditsToMoney(amount, 10_000n),
    margin: null,
    at: new Date('2026-11-22T16:01:01Z'),
    since: new Date('2026-11-22T16:01:01Z'),
    detail: null,
    closesAbove: creditsOf('110'),
    showsPricing: false,
    snoozed: null,
    acknowledged: null,
    ...changes,
  };
}

/** Its delivery to the partner's channel, for the first time. */
export function delivery(alert: AlertNotice, changes: Partial<AlertDelivery> = {}): AlertDelivery {
  return {
    partnerId: 'par_bright',
    messageId: 'msg_1',
    version: 1,
    route: { kind: 'slack', teamId: 'T0BRIGHT', channel: 'C0ALERTS' },
    audience: 'partner',
    content: { kind: 'episode', notice: alert },
    previous: null,
    thread: null,
    doubtful: false,
    doubled: false,
    ...changes,
  };
}

/** A line of its thread. */
export function entry(event: ThreadEntry['event'], posted: string, changes: Partial<ThreadEntry> = {}): ThreadEntry {
  return {
    event,
    status: 'low',
    at: new Date('2026-11-22T16:05:00Z'),
    posted: creditsOf(posted),
    detail: null,
    name: 'Acme Dental',
    customerId: 'cus_acme',
    ...changes,
  };
}

const rate = {
  version: 1,
  credits_per_minute: 12,
  rounding: { initial_seconds: 1, increment_seconds: 1 },
  effective_from: '2026-11-01T00:00:00.000Z',
};

export function threshold(posted: number, changes: Partial<Threshold> = {}): Threshold {
  return {
    customer_id: 'cus_acme',
    payer: 'customer',
    status: posted <= 0 ? 'exhausted' : posted <= 100 ? 'low' : 'ok',
    posted,
    available: posted,
    low_credit_threshold: 100,
    minutes_left: Math.max(0, posted / 12),
    days_left: 2.2,
    runway: { days: 2.2, from: 1.5, to: 3.4 },
    notifications_enabled: true,
    levels: [
      { status: 'low', at: 100, kind: 'credits', value: 100 },
      { status: 'exhausted', at: 0, kind: 'credits', value: 0 },
    ],
    check: null,
    ...changes,
  };
}

function balance(posted: number, changes: Partial<Balance> = {}): Balance {
  return {
    wallet: 'customer',
    customer_id: 'cus_acme',
    posted,
    held: 0,
    disputed: 0,
    available: posted,
    status: 'ok',
    currency: 'USD',
    money: Number((posted / 100).toFixed(6)),
    ...changes,
  };
}

export function customerBalance(
  id: string,
  name: string,
  posted: number,
  changes: { threshold?: Partial<Threshold>; balance?: Partial<Balance> } = {},
): CustomerBalance {
  const customer: Customer = {
    id,
    name,
    settings: {
      ai_credits_enabled: true,
      grace_seconds: 0,
      shortfall_policy: 'debt',
      low_credit_notifications_enabled: true,
      show_pricing_information: false,
      customer_portal_enabled: false,
      restrict_credit_plan_visibility: false,
      gate_failure: 'closed',
      end_calls_when_exhausted: false,
      visible_credit_plan_ids: [],
      max_call_seconds: 3600,
      max_concurrent_calls: null,
      max_spend_per_day: null,
      max_spend_per_month: null,
      overdraft: 0,
      low_credit_threshold: 100,
      alert_levels: null,
      alert_emails: [],
      rate,
    },
    balance: balance(posted, { customer_id: id, ...changes.balance }),
    created_at: '2026-11-01T00:00:00.000Z',
  };
  return { customer, threshold: threshold(posted, { customer_id: id, ...changes.threshold }) };
}

/** The same customer as a list has it. */
export function standing({ customer, threshold }: CustomerBalance): Standing {
  return {
    customerId: customer.id,
    name: customer.name,
    payer: threshold.payer,
    status: threshold.status,
    posted: creditsOf(String(threshold.posted)),
    minutesLeft: threshold.minutes_left,
    runway: threshold.runway,
  };
}

export function partnerBalance(name: string, posted: number): PartnerBalance {
  const partner: Partner = {
    id: 'par_bright',
    name,
    currency: 'USD',
    credit_value: 0.01,
    funding: 'independent',
    settings: {
      track_cost: false,
      rate,
      low_credit_threshold: null,
      low_credit_notifications_enabled: false,
      alert_levels: [],
      customer_alert_levels: [],
      alert_interval_minutes: 0,
      alert_emails: [],
      margin_guard: null,
      call_refusal_message: 'This line is temporarily unavailable.',
      dispute_policy: 'hold',
      slack_team_id: 'T0BRIGHT',
      slack_channel: 'C0ALERTS',
    },
    balance: balance(posted, { wallet: 'partner', customer_id: null }),
    created_at: '2026-11-01T00:00:00.000Z',
  };
  return {
    partner,
    threshold: threshold(posted, { customer_id: null, payer: 'partner', status: 'ok', low_credit_threshold: null }),
  };
}

/** A logger that keeps its lines, so that a test can look for one, or for a secret in any. */
export function keepingLogger(): BotLogger & {
  readonly lines: { level: string; fields: Record<string, unknown>; message: string }[];
} {
  const lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const at = (level: string) => (fields: Record<string, unknown>, message: string) =>
    void lines.push({ level, fields, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
