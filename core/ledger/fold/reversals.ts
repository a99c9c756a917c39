import { TalktimeError } from '../../contract/errors';
import { formatDecimal, micro, type Microcredits } from '../../money';
import { isWallet, PARTNER_WALLET } from '../accounts';
import type { Reversal } from '../commands';
import type { CallState, ReversibleOperation, StoredResult } from '../state';
import { once, resultFor, takeFrom, type Answer, type RequestRow } from './amounts';
import { giveBack, payerOfCall } from './charge';
import type { Draft } from './draft';
import { requireHost, requireHostToMint } from './funds';

/**
 * Takes back an operation, whole or in part, linked to it and never more than it in total. Of a call, any of its
 * operations stands for the whole call, which is closed by it (money-rules 11). A top-up is taken back only as far as
 * the wallet stays above its floor (money-rules 18).
 */
export function reverse(draft: Draft, command: Reversal): Answer {
  return once(draft, command, { operation: command.operationId, amount: command.amount }, (request) => {
    const original = draft.reversible(command.operationId);
    if (!original)
      throw new TalktimeError(
        'OPERATION_NOT_FOUND',
        `There is no operation ${command.operationId}. The statement shows the ids.`,
      );
    if (!REVERSIBLE.has(original.kind))
      throw new TalktimeError(
        'NOT_REVERSIBLE',
        `An operation of the kind "${original.kind}" cannot be reversed. Post the original change again, or an adjustment.`,
      );
    const row = { ...request, reverses: command.operationId, callId: original.callId };
    return original.callId === null
      ? reverseAmount(draft, command, row, original)
      : reverseCall(draft, command, row, original.callId);
  });
}

function reverseAmount(draft: Draft, command: Reversal, row: RequestRow, original: ReversibleOperation): StoredResult {
  const [transfer] = original.transfers;
  if (!transfer)
    throw new TalktimeError('NOT_REVERSIBLE', 'This operation moved no credits. A grant yet to start can be voided.');
  // Never more in total than it was; what refunds and disputes took, and what has expired of it, is gone already (money-rules 18).
  const part = draft.part(command.operationId);
  const taken = part ? part.refundTaken + part.disputeTaken : 0n;
  const left = micro(transfer.amount - original.reversed - taken - draft.expiredOf(original));
  const amount = reversalAmount(command, left);
  // Allocated credits go from wallet to wallet: they are taken from the one that has them now.
  const gives = isWallet(transfer.debit) && !isWallet(transfer.credit);
  const wallet = draft.wallet(gives ? transfer.debit : transfer.credit);
  requireHost(command.actor, wallet.walletId, gives ? amount : 0n, 'This reversal');
  const own = original.grant?.walletId === wallet.walletId ? { first: original.grant.grant } : undefined;
  const line = gives
    ? { debit: transfer.credit, credit: wallet.walletId, amount, givesBack: true }
    : { ...takeFrom(draft, wallet, amount, transfer.debit, own), givesBack: isWallet(transfer.debit) };
  const result = draft.post({ ...row, lines: [line], result: resultFor(row, wallet) });
  draft.addReversed(command.operationId, amount);
  return result;
}

function reverseCall(draft: Draft, command: Reversal, row: RequestRow, callId: string): StoredResult {
  const call = draft.call(callId)!;
  const amount = reversalAmount(command, micro(call.price));
  const payer = payerOfCall(draft, call);
  const change = giveBack(draft, payer, call, amount, call.startedAt);
  requireHost(command.actor, PARTNER_WALLET, change.partnerAmount, 'This reversal');
  requireHostToMint(draft, command.actor, amount);
  const result = draft.post({
    ...row,
    lines: change.lines,
    result: (after) => ({
      ...resultFor(row, draft.wallet(payer.walletId))(after),
      customer_id: call.customerId,
    }),
  });
  const closed: CallState = {
    ...call,
    ...change.charge,
    state: 'closed',
    reason: 'reversed',
    reversed: micro(call.reversed + amount),
  };
  draft.putCall(closed);
  return result;
}

const REVERSIBLE: ReadonlySet<string> = new Set([
  'top_up',
  'payment',
  'adjustment',
  'deduction',
  'plan',
  'call',
  'reassign',
]);

/** How much to reverse of what is left. */
function reversalAmount(command: Reversal, left: Microcredits): Microcredits {
  const amount = command.amount ?? left;
  if (left <= 0n)
    throw new TalktimeError(
      'REVERSAL_TOO_LARGE',
      'Nothing is left of this operation: it cost nothing, or was reversed already.',
    );
  if (amount <= 0n) throw new TalktimeError('AMOUNT_NOT_POSITIVE', 'The amount to reverse must be above zero.');
  if (amount > left)
    throw new TalktimeError(
      'REVERSAL_TOO_LARGE',
      `${formatDecimal(left)} credits are left to reverse of this operation, fewer than ${formatDecimal(amount)}.`,
    );
  return amount;
}
