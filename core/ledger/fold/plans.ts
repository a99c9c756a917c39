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
import type { Result, WalletState } from '../state';
import { giveTo, once, requirePositive, resultFor, sourceFor, takeFrom, type Answer, type RequestRow } from './amounts';
import type { Draft } from './draft';
import type { Line, Posting } from './posting';

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
 * Begins a further period of a subscription: what rolls over of the period before, and its credits and bonus unless a
 * payment has given them. All or nothing. What rolls over comes from where it went when it expired.
 */
export function beginPeriod(draft: Draft, command: PlanPeriod): { result: Result; replayed: boolean } {
  const ids = periodOperations(draft.state.partnerId, command);
  const before = draft.operation(ids.credits) ?? draft.operation(ids.rollover);
  if (before) return { result: before.result, replayed: true };
  const wallet = draft.walletOf({ customerId: command.customerId });
  const rolled = rolledOver(draft, command);
  const key = periodKey(command);
  const content = { subscription: command.subscriptionId, period: command.period };
  const common = { actor: command.actor.id, callId: null, reverses: null };
  const row: RequestRow = {
    ...common,
    operationId: ids.credits,
    kind: 'plan',
    key,
    contentHash: contentHash({ kind: 'plan', ...content }),
    note: command.note ?? null,
  };
  const period = {
    subscriptionId: command.subscriptionId,
    period: command.period,
    startsAt: command.startsAt,
    endsAt: command.endsAt,
  };
  const size = command.paid ? null : sizeOf(draft, wallet, command);
  if (size) requireMeans(draft, wallet, size.credits, size.bonus);
  requireRoom(wallet, micro((size ? size.credits + size.bonus : 0n) + rolled));
  const rollover: Posting | null =
    rolled === 0n
      ? null
      : {
          ...common,
          operationId: ids.rollover,
          kind: 'rollover',
          key: `${key}:rollover`,
          contentHash: contentHash({ kind: 'rollover', ...content }),
          note: command.note === undefined ? null : `${command.note}: rolled over`,
          lines: [
            grantLine('plan', command.endsAt, { debit: ACCOUNTS.expiry, credit: wallet.walletId, amount: rolled }),
          ],
          untold: size ? wallet.walletId : undefined,
          result: (after) => ({
            ...resultFor({ ...row, operationId: ids.rollover, kind: 'rollover' }, wallet)(after),
            subscription: periodAnswer(period),
          }),
        };
  const rolledResult = rollover && draft.post(rollover);
  if (!size)
    return {
      result: rolledResult ?? { outcome: 'ignored', message: 'Nothing rolls over into this period.' },
      replayed: false,
    };
  const result = give(draft, command, row, { wallet, expiresAt: command.endsAt, bonusKey: `${key}:bonus`, period });
  return { result, replayed: false };
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

interface Period {
  readonly subscriptionId: string;
  readonly period: number;
  readonly startsAt: number;
  readonly endsAt: number;
}

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

/** What expired unused of the period before, by the share, up to the cap. What a live call still holds is not counted. */
function rolledOver(draft: Draft, { rollover }: PlanPeriod): Microcredits {
  if (!rollover) return ZERO;
  const unused = rollover.operations.reduce((sum, id) => {
    const operation = draft.reversible(id);
    return operation ? sum + draft.expiredOf(operation) : sum;
  }, 0n);
  const shared = micro(divideHalfAwayFromZero(unused * rollover.share, A_SHARE));
  return rollover.cap === null ? shared : smaller(shared, rollover.cap);
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
