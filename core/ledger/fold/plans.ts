import { TalktimeError } from '../../contract/errors';
import {
  divideHalfAwayFromZero,
  formatDecimal,
  LARGEST_AMOUNT,
  micro,
  MICROCREDITS_PER_CREDIT,
  periodStart,
  rateAt,
  smaller,
  toJsonNumber,
  ZERO,
  type Microcredits,
  type Rate,
} from '../../money';
import { ACCOUNTS, PARTNER_WALLET, type Account } from '../accounts';
import type { PlanApplication, PlanPeriod, PlanSize } from '../commands';
import { contentHash, operationId } from '../identity';
import { USUAL_PRIORITY, type GrantKind } from '../lots';
import type { Result, StoredResult, WalletState } from '../state';
import { giveTo, once, requirePositive, resultFor, sourceFor, takeFrom, type Answer, type RequestRow } from './amounts';
import type { Draft } from './draft';
import type { Line } from './posting';

const A_DAY = 24 * 60 * 60 * 1000;
const A_SHARE = 1_000_000n;

/**
 * Applies a plan: its credits, and its bonus as an operation and a grant of its own; both or neither. One in minutes is
 * converted at the customer's rate at this moment (money-rules 19). A recurring one begins a subscription with it.
 */
export function applyPlan(draft: Draft, command: PlanApplication): Answer {
  return once(draft, command, { customer: command.customerId, plan: command.planId }, (row) => {
    if (!command.active)
      throw new TalktimeError(
        'PLAN_INACTIVE',
        `The plan "${command.planId}" is not active. Activate it, or choose another.`,
      );
    const { recurrence, expiresAfterDays } = command;
    const ends = recurrence && periodStart(draft.now, recurrence, 1);
    const expiresAt = ends ?? (expiresAfterDays === undefined ? null : draft.now + expiresAfterDays * A_DAY);
    return give(draft, command, row, {
      wallet: draft.walletOf({ customerId: command.customerId }),
      expiresAt,
      bonusKey: `bonus:${command.key}`,
      period:
        ends === undefined ? null : { subscriptionId: row.operationId, period: 1, startsAt: draft.now, endsAt: ends },
    });
  });
}

/**
 * Begins a further period of a subscription: its credits and bonus, unless a payment has given them, and what rolls over of
 * the period before. All or nothing. What rolls over comes from where it went when it expired: what a live call still held
 * goes as soon as the new credits serve the call, so it is counted, too.
 */
export function beginPeriod(draft: Draft, command: PlanPeriod): { result: Result; replayed: boolean } {
  const ids = periodOperations(draft.state.partnerId, command);
  const before = draft.operation(ids.credits) ?? draft.operation(ids.rollover);
  if (before) return { result: before.result, replayed: true };
  const wallet = draft.walletOf({ customerId: command.customerId });
  const key = periodKey(command);
  const row: RequestRow = {
    operationId: ids.credits,
    kind: 'plan',
    key,
    contentHash: contentHash({ kind: 'plan', subscription: command.subscriptionId, period: command.period }),
    actor: command.actor.id,
    callId: null,
    reverses: null,
    note: command.note ?? null,
  };
  requireRoom(wallet, largestRollover(draft, wallet, command));
  const given = command.paid
    ? null
    : give(draft, command, row, { wallet, expiresAt: command.endsAt, bonusKey: `${key}:bonus`, period: command });
  draft.mature(wallet.walletId);
  const rolled = rollOver(draft, wallet, command, {
    ...row,
    operationId: ids.rollover,
    kind: 'rollover',
    key: `${key}:rollover`,
  });
  tellTheNew(draft, wallet.walletId);
  const nothing = { outcome: 'ignored', message: 'Nothing rolls over into this period.' } as const;
  return { result: given ?? rolled ?? nothing, replayed: false };
}

/** What expired unused of the period before comes back by its share, up to the cap. */
function rollOver(draft: Draft, wallet: WalletState, command: PlanPeriod, row: RequestRow): StoredResult | null {
  const { rollover } = command;
  const amount = rollover && shareOf(expiredOf(draft, rollover), rollover);
  if (!amount) return null;
  return draft.post({
    ...row,
    contentHash: contentHash({ kind: row.kind, subscription: command.subscriptionId, period: command.period }),
    note: row.note === null ? null : `${row.note}: rolled over`,
    lines: [grantLine('plan', command.endsAt, { debit: ACCOUNTS.expiry, credit: wallet.walletId, amount })],
    result: (after) => ({ ...resultFor(row, wallet)(after), subscription: periodAnswer(command) }),
  });
}

type Rollover = NonNullable<PlanPeriod['rollover']>;

function expiredOf(draft: Draft, { operations }: Rollover): Microcredits {
  const expired = operations
    .map((id) => draft.reversible(id))
    .map((operation) => operation && draft.expiredOf(operation));
  return micro(expired.reduce((sum: bigint, each) => sum + (each ?? 0n), 0n));
}

function shareOf(unused: Microcredits, { share, cap }: Rollover): Microcredits {
  const shared = micro(divideHalfAwayFromZero(unused * share, A_SHARE));
  return cap === null ? shared : smaller(shared, cap);
}

/** What the period may bring at most: all that expired, and all that calls still hold. Known before any of it is posted. */
function largestRollover(draft: Draft, wallet: WalletState, command: PlanPeriod): Microcredits {
  const { credits, bonus } = command.paid ? { credits: ZERO, bonus: ZERO } : sizeOf(draft, wallet, command);
  const rolled = command.rollover
    ? shareOf(micro(expiredOf(draft, command.rollover) + wallet.held), command.rollover)
    : ZERO;
  return micro(credits + bonus + rolled);
}

/**
 * A balance that was fine before and is fine again has not been exhausted for the moment between two periods: nobody is
 * told of that.
 */
function tellTheNew(draft: Draft, walletId: number): void {
  if (draft.wallet(walletId).told !== 'ok') return;
  const { alerts } = draft.writes;
  const recoveries = draft.state.wallets.get(walletId)!.told === 'ok' ? 0 : 1;
  const own = alerts.filter((alert) => alert.walletId === walletId);
  for (const alert of own.slice(0, own.length - recoveries)) alerts.splice(alerts.indexOf(alert), 1);
}

/** The operations of a period, by what they give. */
export function periodOperations(
  partnerId: string,
  period: Pick<PlanPeriod, 'subscriptionId' | 'period'>,
): { readonly credits: string; readonly rollover: string } {
  const key = periodKey(period);
  return { credits: operationId(partnerId, 'plan', key), rollover: operationId(partnerId, 'plan', `${key}:rollover`) };
}

/** The credits that minutes come to at a rate (money-rules 19). */
export function creditsForMinutes(minutes: bigint, rate: Rate | undefined, customerId: string): Microcredits {
  if (!rate) {
    throw new TalktimeError(
      'RATE_REQUIRED',
      `The plan is in minutes, and "${customerId}" has no price per minute to convert them with. Set AI Credit Price Per Minute first.`,
    );
  }
  return micro(divideHalfAwayFromZero(minutes * rate.creditsPerMinute, MICROCREDITS_PER_CREDIT));
}

type Period = Pick<PlanPeriod, 'subscriptionId' | 'period' | 'startsAt' | 'endsAt'>;

interface Giving {
  readonly wallet: WalletState;
  readonly expiresAt: number | null;
  readonly bonusKey: string;
  readonly period: Period | null;
}

/** Posts the bonus and then the credits, so that the answer has the balance with both. */
function give(draft: Draft, plan: PlanSize, row: RequestRow, { wallet, expiresAt, bonusKey, period }: Giving) {
  const { credits, bonus } = sizeOf(draft, wallet, plan);
  requireMeans(draft, wallet, credits, bonus);
  requireRoom(wallet, micro(credits + bonus));
  const bonusId = bonus === 0n ? null : operationId(draft.state.partnerId, 'plan', bonusKey);
  const line = (kind: GrantKind, amount: Microcredits, usual: Account) =>
    grantLine(kind, expiresAt, giveTo(draft, wallet, amount, sourceFor(draft, wallet, usual)));
  if (bonusId !== null) {
    const bonusRow: RequestRow = {
      ...row,
      operationId: bonusId,
      kind: 'top_up',
      key: bonusKey,
      contentHash: contentHash({ kind: 'bonus', of: row.operationId }),
      note: row.note === null ? null : `${row.note}: bonus`,
    };
    draft.post({
      ...bonusRow,
      lines: [line('bonus', bonus, ACCOUNTS.bonus)],
      untold: wallet.walletId,
      result: resultFor(bonusRow, wallet),
    });
  }
  return draft.post({
    ...row,
    lines: [line('plan', credits, ACCOUNTS.payments)],
    result: (after) => ({
      ...resultFor(row, wallet)(after),
      ...(plan.sold && {
        plan: { ...plan.sold, credits: toJsonNumber(credits), bonus_operation_id: bonusId },
      }),
      ...(period && { subscription: periodAnswer(period) }),
    }),
  });
}

function sizeOf(draft: Draft, wallet: WalletState, { terms, bonus = ZERO }: PlanSize) {
  const rate = rateAt(draft.state.rates.get(wallet.walletId) ?? [], draft.now);
  const credits = 'credits' in terms ? terms.credits : creditsForMinutes(terms.minutes, rate, wallet.customerId!);
  requirePositive(credits);
  return { credits, bonus };
}

/** Checked for all of it before any of it is posted: with allocated funding the partner must have credits and bonus. */
function requireMeans(draft: Draft, wallet: WalletState, credits: Microcredits, bonus: Microcredits): void {
  if (sourceFor(draft, wallet, ACCOUNTS.payments) === PARTNER_WALLET)
    takeFrom(draft, draft.wallet(PARTNER_WALLET), micro(credits + bonus), wallet.walletId);
}

function requireRoom(wallet: WalletState, amount: Microcredits): void {
  const posted = wallet.posted + amount;
  if (posted < LARGEST_AMOUNT) return;
  throw new TalktimeError(
    'WALLET_LIMIT',
    `The balance would be ${formatDecimal(posted)} credits; a wallet stays within 8,000,000,000. Split the amount over wallets.`,
  );
}

function grantLine(kind: GrantKind, expiresAt: number | null, line: Line): Line {
  return { ...line, terms: { kind, priority: USUAL_PRIORITY[kind], expiresAt, costBasis: null } };
}

const periodKey = ({ subscriptionId, period }: Pick<PlanPeriod, 'subscriptionId' | 'period'>) =>
  `period:${subscriptionId}:${period}`;

const periodAnswer = ({ subscriptionId, period, startsAt, endsAt }: Period) => ({
  id: subscriptionId,
  period,
  starts_at: new Date(startsAt).toISOString(),
  ends_at: new Date(endsAt).toISOString(),
});
