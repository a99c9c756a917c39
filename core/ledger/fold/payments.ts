import { TalktimeError } from '../../contract/errors';
import { formatDecimal, LARGEST_AMOUNT, toJsonNumber, ZERO, type Microcredits } from '../../money';
import { ACCOUNTS, PARTNER_WALLET } from '../accounts';
import type { PaymentCredit } from '../commands';
import { contentHash, operationId } from '../identity';
import { USUAL_PRIORITY } from '../lots';
import type { PaymentPart, StoredResult, WalletState } from '../state';
import { requirePositive, requireSense, resultFor, sourceFor, standing, walletName, type Answer } from './amounts';
import type { GrantTerms } from './backing';
import type { Draft } from './draft';
import { beyond, requireHost, roomOf } from './funds';
import type { Line } from './posting';

const A_DAY = 24 * 60 * 60 * 1000;

/** `<payment>` and `<payment>:bonus`: keys of the operations that credit a payment. */
export const partKey = (payment: string, part: PaymentPart['part']) =>
  part === 'paid' ? payment : `${payment}:${part}`;

export function partId(partnerId: string, payment: string, part: PaymentPart['part']): string {
  return operationId(partnerId, 'payment', partKey(payment, part));
}

/**
 * Credits a payment, once, and the bonus that comes with it, both or neither. It has been paid, so it is not refused where
 * the credits come out of the partner's wallet and that has too few: what is missing there is flagged debt (money-rules 4).
 */
export function creditPayment(draft: Draft, command: PaymentCredit): Answer {
  const { payment, amount, bonus, grant, expiresAfterDays: days, costBasis } = command;
  const expiresAt = days === undefined ? (command.expiresAt ?? null) : draft.now + days * A_DAY;
  const id = partId(draft.state.partnerId, payment, 'paid');
  const hash = contentHash({
    kind: command.kind,
    wallet: walletName(command.wallet),
    amount,
    bonus: bonus === 0n ? undefined : bonus,
    grant,
    priority: command.priority === USUAL_PRIORITY[grant] ? undefined : command.priority,
    expires_at: command.expiresAt,
    expires_after_days: days,
    cost_basis: costBasis,
    plan: command.planId,
  });
  const before = standing(draft, id, payment, hash);
  if (before) return before;

  const wallet = draft.walletOf(command.wallet);
  requirePositive(amount);
  if (bonus !== 0n) requirePositive(bonus);
  requireHost(command.actor, wallet.walletId, amount, 'This payment');
  const terms: GrantTerms = { kind: grant, priority: command.priority ?? USUAL_PRIORITY[grant], expiresAt, costBasis };
  requireSense(terms, draft.now);
  const source = sourceFor(draft, wallet, ACCOUNTS.payments);
  requireLimits(draft, [
    [wallet.walletId, amount],
    [wallet.walletId, bonus],
    ...(source === PARTNER_WALLET ? ([[PARTNER_WALLET, -amount - bonus]] as const) : []),
  ]);

  const result = post(draft, command, 'paid', hash, amount, terms, source);
  if (bonus > 0n) {
    const onTop: GrantTerms = { kind: 'bonus', priority: USUAL_PRIORITY.bonus, expiresAt, costBasis: null };
    post(draft, command, 'bonus', hash, bonus, onTop, sourceFor(draft, wallet, ACCOUNTS.bonus));
  }
  return { result, replayed: false };
}

/** A bonus is a top-up of its own in the history: what was paid for is `payment` alone. */
function post(
  draft: Draft,
  { payment, actor, note, wallet: ref }: PaymentCredit,
  name: PaymentPart['part'],
  hash: string,
  amount: Microcredits,
  terms: GrantTerms,
  source: number,
): StoredResult {
  const wallet = draft.walletOf(ref);
  const part: PaymentPart = {
    payment,
    part: name,
    walletId: wallet.walletId,
    operationId: partId(draft.state.partnerId, payment, name),
    credits: amount,
    refundTaken: ZERO,
    disputeTaken: ZERO,
    disputed: ZERO,
    openDisputes: 0,
    returned: ZERO,
    revision: 0,
  };
  const row = {
    operationId: part.operationId,
    kind: name === 'paid' ? ('payment' as const) : ('top_up' as const),
    key: partKey(payment, name),
    contentHash: hash,
    actor: actor.id,
    callId: null,
    reverses: null,
    note: note ?? null,
  };
  const result = draft.post({
    ...row,
    lines: [{ ...give(draft, wallet, amount, source), terms }],
    result: resultOf(row, wallet, part),
  });
  draft.putPart(part);
  return result;
}

/** What an operation of a payment answers: what it did, and what has become of the payment's part. */
export function resultOf(
  row: Parameters<typeof resultFor>[0],
  wallet: WalletState,
  part: PaymentPart,
): ReturnType<typeof resultFor> {
  return (after) => ({
    ...resultFor(row, wallet)(after),
    payment: {
      payment: part.payment,
      part: part.part,
      credits: toJsonNumber(part.credits),
      refund_taken: toJsonNumber(part.refundTaken),
      dispute_taken: toJsonNumber(part.disputeTaken),
      disputed: toJsonNumber(part.disputed),
      open_disputes: part.openDisputes,
      returned: toJsonNumber(part.returned),
      revision: part.revision,
    },
  });
}

/** Credits out of an account, or out of the partner's wallet whether it has them or not. */
export function give(draft: Draft, wallet: WalletState, amount: Microcredits, source: number): Line {
  const line = { debit: source, credit: wallet.walletId, amount };
  if (source !== PARTNER_WALLET) return line;
  const flagged = beyond(roomOf(draft.wallet(PARTNER_WALLET), ZERO), amount);
  return { ...line, test: { floor: ZERO, flagged, flag: 'debt' } };
}

/** Several operations are one step here, so that all of them are known to fit before the first is posted. */
export function requireLimits(draft: Draft, moves: readonly (readonly [walletId: number, amount: bigint])[]): void {
  const balances = new Map<number, bigint>();
  for (const [walletId, amount] of moves) {
    const balance = (balances.get(walletId) ?? draft.wallet(walletId).posted) + amount;
    balances.set(walletId, balance);
    if (balance < LARGEST_AMOUNT && balance > -LARGEST_AMOUNT) continue;
    throw new TalktimeError(
      'WALLET_LIMIT',
      `The balance would be ${formatDecimal(balance)} credits; a wallet stays within 8,000,000,000. Bring it nearer to zero first.`,
    );
  }
}
