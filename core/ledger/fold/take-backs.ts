import { TalktimeError } from '../../contract/errors';
import { divideHalfAwayFromZero, larger, micro, smaller, ZERO, type Microcredits } from '../../money';
import { ACCOUNTS, isWallet, PARTNER_WALLET, type Account } from '../accounts';
import type { PaymentTakeBack } from '../commands';
import { contentHash, operationId } from '../identity';
import type { PaymentPart, Result, StoredResult } from '../state';
import type { Draft } from './draft';
import { beyond, floorNow, requireHost, roomOf } from './funds';
import { give, partId, partKey, requireLimits, resultOf } from './payments';
import type { Line } from './posting';

/**
 * Takes back of a payment's credits, and of its bonus, what corresponds to the money that went back (money-rules 18): first
 * for refunds, then for lost disputes; and holds what open disputes are about. What is due follows from the totals alone, so
 * that any order of commands that ends in the same totals ends in the same balances. When less is due than was taken, as
 * after a refund that failed, the rest is given back (money-rules 16). It is never refused for want of credits.
 */
export function takeBack(draft: Draft, command: PaymentTakeBack): { result: Result; replayed: boolean } {
  const parts = partsOf(draft, command.payment);
  const [paid] = parts;
  if (!paid)
    throw new TalktimeError(
      'PAYMENT_NOT_CREDITED',
      `The payment "${command.payment}" was never credited, so nothing can be taken back of it.`,
    );
  requireTotals(command);
  const steps = parts.flatMap((part) => stepsOf(part, dueOf(draft, part, command)));
  if (steps.length === 0)
    return {
      result: { outcome: 'ignored', message: 'All of that was taken back, and is held, already.' },
      replayed: true,
    };
  const raised = steps.reduce((sum, { taking }) => sum - taking, 0n);
  requireHost(command.actor, paid.walletId, raised, 'Giving back what was taken of this payment');
  const limits = steps.map(({ taking }) => [paid.walletId, -taking] as const);
  requireLimits(draft, [...limits, ...limitsOfPartner(draft, paid, steps)]);
  const results = steps.map((step) => post(draft, command, step));
  const ofPaid = steps.findLastIndex(({ operationId: of }) => of === paid.operationId);
  return { result: results.at(ofPaid)!, replayed: false };
}

/** What is to be taken of a part in all, and what is to be held of it. */
type Due = Pick<PaymentPart, 'refundTaken' | 'disputeTaken' | 'disputed' | 'openDisputes'>;

/** Shares are rounded on the running total, and all of them together are never more than what is left of the part. */
function dueOf(
  draft: Draft,
  part: PaymentPart,
  { paid, refunded, lost, disputed, openDisputes }: PaymentTakeBack,
): Due {
  const original = draft.reversible(part.operationId)!;
  const cap = larger(micro(part.credits - original.reversed - draft.expiredOf(original)), ZERO);
  const upTo = (money: bigint): Microcredits => {
    const back = money < paid ? money : paid;
    return smaller(micro(divideHalfAwayFromZero(part.credits * back, paid)), cap);
  };
  const byRefunds = upTo(refunded);
  const byLosses = upTo(refunded + lost);
  return {
    refundTaken: byRefunds,
    disputeTaken: micro(byLosses - byRefunds),
    disputed: micro(upTo(refunded + lost + disputed) - byLosses),
    openDisputes: part.part === 'paid' ? openDisputes : 0,
  };
}

/** An operation to be posted. */
interface Step {
  readonly kind: 'refund' | 'dispute';
  readonly operationId: string;
  /** Below zero: giving back. */
  readonly taking: Microcredits;
  readonly change: Partial<Due>;
}

/** What has to be done for a part: giving back before taking, so that what comes back is there. */
function stepsOf(part: PaymentPart, due: Due): Step[] {
  const { operationId: id } = part;
  const { refundTaken, ...others } = due;
  const [refund, dispute] = [micro(refundTaken - part.refundTaken), micro(due.disputeTaken - part.disputeTaken)];
  const steps: Step[] = [];
  if (refund !== 0n) steps.push({ kind: 'refund', operationId: id, taking: refund, change: { refundTaken } });
  if (dispute !== 0n || due.disputed !== part.disputed || due.openDisputes !== part.openDisputes)
    steps.push({ kind: 'dispute', operationId: id, taking: dispute, change: others });
  return steps.sort((a, b) => Number(a.taking > b.taking) - Number(a.taking < b.taking));
}

function post(draft: Draft, command: PaymentTakeBack, { kind, operationId: of, taking, change }: Step): StoredResult {
  const before = draft.part(of)!;
  const wallet = draft.wallet(before.walletId);
  const lines = taking > 0n ? takingLines(draft, before, kind, taking) : givingLines(draft, before, micro(-taking));
  const returned = micro(lines.reduce((sum, line) => sum + returnedBy(line), before.returned as bigint));
  const part: PaymentPart = { ...before, ...change, returned, revision: before.revision + 1 };
  const key = `${partKey(part.payment, part.part)}:${part.revision}`;
  const row = {
    operationId: operationId(draft.state.partnerId, 'payment', key),
    kind,
    key,
    contentHash: contentHash({
      kind,
      paid: command.paid,
      refunded: command.refunded,
      lost: command.lost,
      disputed: command.disputed,
      open_disputes: command.openDisputes,
    }),
    actor: command.actor.id,
    callId: null,
    reverses: of,
    note: command.note ?? null,
  };
  const result = draft.post({ ...row, lines, result: resultOf(row, wallet, part) });
  draft.putPart(part);
  return result;
}

/** Where a part's credits came from: of allocated ones the partner's wallet. */
const sourceOf = (draft: Draft, part: PaymentPart): Account => draft.reversible(part.operationId)!.transfers[0]!.debit;

/**
 * Credits that go, whether they are there or not. Of allocated ones only those that were neither spent nor held come back to
 * the partner's wallet: what calls have used is the host's (money-rules 4).
 */
function takingLines(draft: Draft, part: PaymentPart, flag: Step['kind'], amount: Microcredits): Line[] {
  const wallet = draft.wallet(part.walletId);
  const source = sourceOf(draft, part);
  const grant = draft.reversible(part.operationId)!.grant!.grant;
  const floor = floorNow(draft, wallet);
  const line = (credit: Account, taken: Microcredits, before: Microcredits): Line => {
    const flagged = beyond(micro(roomOf(wallet, floor) - before), taken);
    const test = { floor, flagged, flag, burning: { first: grant } };
    return { debit: wallet.walletId, credit, amount: taken, test, givesBack: credit === PARTNER_WALLET };
  };
  if (source !== PARTNER_WALLET) return [line(source, amount, ZERO)];
  const unspent = smaller(amount, larger(roomOf(wallet, ZERO), ZERO));
  return [
    ...(unspent > 0n ? [line(PARTNER_WALLET, unspent, ZERO)] : []),
    ...(amount > unspent ? [line(ACCOUNTS.payments, micro(amount - unspent), unspent)] : []),
  ];
}

/** Credits that come back: what had not come out of a wallet first, then what the partner's wallet got. */
function givingLines(draft: Draft, part: PaymentPart, amount: Microcredits): Line[] {
  if (amount === 0n) return [];
  const wallet = draft.wallet(part.walletId);
  const source = sourceOf(draft, part);
  const line = (from: Account, given: Microcredits): Line => ({ ...give(draft, wallet, given, from), givesBack: true });
  if (source !== PARTNER_WALLET) return [line(source, amount)];
  const kept = smaller(amount, larger(notReturned(draft, part), ZERO));
  return [
    ...(kept > 0n ? [line(ACCOUNTS.payments, kept)] : []),
    ...(amount > kept ? [line(PARTNER_WALLET, micro(amount - kept))] : []),
  ];
}

/** What was taken of a payment, with its bonus, and did not come back to the partner's wallet. */
function notReturned(draft: Draft, { payment }: PaymentPart): Microcredits {
  return micro(
    partsOf(draft, payment).reduce(
      (sum, { refundTaken, disputeTaken, returned }) => sum + refundTaken + disputeTaken - returned,
      0n,
    ),
  );
}

/** What a line brings to the partner's wallet out of a customer's, or, below zero, takes back of that. */
function returnedBy({ debit, credit, amount }: Line): bigint {
  if (!isWallet(debit) || !isWallet(credit)) return 0n;
  return credit === PARTNER_WALLET ? amount : -amount;
}

/** What the steps do at most to the partner's wallet, when the credits came out of it. */
function limitsOfPartner(draft: Draft, paid: PaymentPart, steps: readonly Step[]) {
  if (sourceOf(draft, paid) !== PARTNER_WALLET) return [];
  return steps.map(({ taking }) => [PARTNER_WALLET, taking] as const);
}

function partsOf(draft: Draft, payment: string): PaymentPart[] {
  return (['paid', 'bonus'] as const).flatMap((name) => draft.part(partId(draft.state.partnerId, payment, name)) ?? []);
}

function requireTotals({ paid, refunded, lost, disputed, openDisputes }: PaymentTakeBack): void {
  if (paid <= 0n || refunded < 0n || lost < 0n || disputed < 0n || openDisputes < 0)
    throw new RangeError('The money of a payment is above zero, and what became of it is not below');
}
