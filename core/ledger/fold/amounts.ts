import { TalktimeError } from '../../contract/errors';
import { formatDecimal, micro, toJsonNumber, ZERO, type Microcredits } from '../../money';
import { ACCOUNTS, PARTNER_WALLET, type Account } from '../accounts';
import type { Adjustment, AmountDeduction, RequestCommand, TopUp, WalletRef } from '../commands';
import { contentHash, operationId } from '../identity';
import type { GrantState, StoredResult, WalletState } from '../state';
import { USUAL_PRIORITY, grantId } from '../lots';
import { statusShown } from './alert';
import type { GrantTerms } from './backing';
import type { Draft } from './draft';
import { floorNow, requireHost, spendable } from './funds';
import type { Line, LineTest, Posting } from './posting';

export interface Answer {
  readonly result: StoredResult;
  readonly replayed: boolean;
}

/**
 * A request by key: answers the first result when it was applied before, refuses the key when that was something else,
 * and otherwise applies it. Only an applied operation consumes its key (money-rules 14).
 */
export function once(
  draft: Draft,
  command: RequestCommand,
  content: Parameters<typeof contentHash>[0],
  apply: (row: RequestRow) => StoredResult,
): Answer {
  const id = operationId(draft.state.partnerId, 'request', command.key);
  const hash = contentHash({ kind: command.kind, ...content });
  const before = standing(draft, id, command.key, hash);
  if (before) return before;
  const row = {
    operationId: id,
    kind: command.kind,
    key: command.key,
    contentHash: hash,
    actor: command.actor.id,
    callId: null,
    reverses: null,
    note: command.note ?? null,
  };
  return { result: apply(row), replayed: false };
}

/** What an operation was answered when it was applied; null when it wasn't. */
export function standing(draft: Draft, id: string, key: string, hash: string): Answer | null {
  const before = draft.operation(id);
  if (!before) return null;
  if (before.contentHash === hash) return { result: before.result, replayed: true };
  throw new TalktimeError(
    'IDEMPOTENCY_CONFLICT',
    `The key "${key}" was already used for something else, which stands. Send the same content again, or take a new key.`,
  );
}

export type RequestRow = Omit<Posting, 'lines' | 'result'>;

export function topUp(draft: Draft, command: TopUp): Answer {
  return once(
    draft,
    command,
    {
      wallet: walletName(command.wallet),
      amount: command.amount,
      grant: command.grant,
      priority: command.priority === USUAL_PRIORITY[command.grant] ? undefined : command.priority,
      effective_at: command.effectiveAt,
      expires_at: command.expiresAt,
      cost_basis: command.costBasis,
    },
    (row) => {
      requirePositive(command.amount);
      const wallet = draft.walletOf(command.wallet);
      requireHost(command.actor, wallet.walletId, command.amount, 'This top-up');
      const { amount, grant: kind, expiresAt = null, costBasis = null, effectiveAt = draft.now } = command;
      const terms: GrantTerms = { kind, priority: command.priority ?? USUAL_PRIORITY[kind], expiresAt, costBasis };
      const source = sourceFor(draft, wallet, kind === 'paid' ? ACCOUNTS.payments : ACCOUNTS.bonus);
      requireSense(terms, Math.max(effectiveAt, draft.now));
      if (effectiveAt > draft.now && source === PARTNER_WALLET) throw allocatedLater();
      const result = resultFor(row, wallet);
      return effectiveAt > draft.now
        ? draft.post({
            ...row,
            lines: [],
            later: { walletId: wallet.walletId, amount, source, terms, startsAt: effectiveAt },
            result,
          })
        : draft.post({ ...row, lines: [{ ...giveTo(draft, wallet, amount, source), terms }], result });
    },
  );
}

export function adjust(draft: Draft, command: Adjustment): Answer {
  return once(draft, command, { wallet: walletName(command.wallet), amount: command.amount }, (row) => {
    if (command.amount === 0n)
      throw new TalktimeError(
        'AMOUNT_NOT_POSITIVE',
        'An adjustment of 0 credits changes nothing. Say how much to add, or to take away with a minus sign.',
      );
    const wallet = draft.walletOf(command.wallet);
    requireHost(command.actor, wallet.walletId, command.amount, 'This adjustment');
    const line =
      command.amount > 0n
        ? giveTo(draft, wallet, command.amount, sourceFor(draft, wallet, ACCOUNTS.adjustment))
        : takeFrom(draft, wallet, micro(-command.amount), sourceFor(draft, wallet, ACCOUNTS.adjustment));
    return draft.post({ ...row, lines: [line], result: resultFor(row, wallet) });
  });
}

export function deductAmount(draft: Draft, command: AmountDeduction): Answer {
  return once(draft, command, { wallet: walletName(command.wallet), amount: command.amount }, (row) => {
    requirePositive(command.amount);
    const wallet = draft.walletOf(command.wallet);
    const line = takeFrom(draft, wallet, command.amount, ACCOUNTS.revenue);
    return draft.post({
      ...row,
      lines: [line],
      result: (after) => ({
        ...resultFor(row, wallet)(after),
        outcome: 'deducted',
        payer: wallet.customerId === null ? 'partner' : 'customer',
        receipt: null,
      }),
    });
  });
}

/** Where a customer's credits come from and go back to: with allocated funding the partner's wallet (money-rules 4). */
export function sourceFor(draft: Draft, wallet: WalletState, usual: Account): Account {
  const allocated = draft.state.partner.funding === 'allocated' && wallet.customerId !== null;
  return allocated ? PARTNER_WALLET : usual;
}

/** Credits for a wallet. When they come out of the partner's, it must have them. */
export function giveTo(draft: Draft, wallet: WalletState, amount: Microcredits, source: Account): Line {
  return source === PARTNER_WALLET
    ? takeFrom(draft, draft.wallet(PARTNER_WALLET), amount, wallet.walletId)
    : { debit: source, credit: wallet.walletId, amount };
}

function allocatedLater(): TalktimeError {
  return new TalktimeError(
    'REQUEST_INVALID',
    "Credits that come out of the partner's wallet arrive at once. Leave effective_at out, and top up when they are due.",
    [{ path: 'effective_at', message: 'not with allocated funding' }],
  );
}

/** A debit of an amount that is not a call: refused below the floor (money-rules 9). */
export function takeFrom(
  draft: Draft,
  wallet: WalletState,
  amount: Microcredits,
  credit: number,
  burning?: LineTest['burning'],
): Line {
  const floor = floorNow(draft, wallet);
  const available = spendable(wallet, floor);
  if (amount > available) {
    const covered = available > 0n ? available : 0n;
    throw new TalktimeError(
      'INSUFFICIENT_CREDITS',
      `${formatDecimal(amount)} credits were asked for and ${formatDecimal(covered)} can be spent (balance ${formatDecimal(wallet.posted)}, floor ${formatDecimal(floor)}). Top up first, or enable grace or an overdraft; the same key works again.`,
    );
  }
  return { debit: wallet.walletId, credit, amount, test: { floor, flagged: ZERO, burning } };
}

export function resultFor(row: RequestRow, wallet: WalletState): Posting['result'] {
  return (after) => ({
    operation_id: row.operationId,
    kind: row.kind,
    customer_id: wallet.customerId,
    wallet: wallet.customerId === null ? 'partner' : 'customer',
    amount: toJsonNumber(after.moved(wallet.walletId)),
    balance_after: toJsonNumber(after.wallet(wallet.walletId).posted),
    status: statusShown(after.wallet(wallet.walletId)),
    at: new Date(after.at).toISOString(),
    ...(after.made && { grant: grantAnswer(after.made) }),
  });
}

/** A grant's terms, in the result of what made it: so that the chain of hashes covers them. */
function grantAnswer(grant: GrantState) {
  return {
    grant_id: grantId(grant.walletId, grant.grant),
    kind: grant.kind,
    priority: grant.priority,
    amount: toJsonNumber(grant.amount),
    effective_at: new Date(grant.effectiveAt).toISOString(),
    expires_at: grant.expiresAt === null ? null : new Date(grant.expiresAt).toISOString(),
    cost_basis: grant.costBasis === null ? null : toJsonNumber(grant.costBasis),
  };
}

export function requireSense({ expiresAt }: GrantTerms, effectiveAt: number): void {
  if (expiresAt === null || expiresAt > effectiveAt) return;
  throw new TalktimeError(
    'GRANT_EXPIRED',
    `The credits would have expired at ${new Date(expiresAt).toISOString()}, before they can be used. Send a later expires_at.`,
  );
}

export function requirePositive(amount: Microcredits): void {
  if (amount <= 0n)
    throw new TalktimeError(
      'AMOUNT_NOT_POSITIVE',
      `The amount is ${formatDecimal(amount)} credits; it must be above zero. To take credits away, use an adjustment with a minus sign.`,
    );
}

export function walletName(ref: WalletRef): string {
  return ref === 'partner' ? 'partner' : `customer ${ref.customerId}`;
}
