import { toJsonNumber, ZERO } from '../../money';
import { ACCOUNTS } from '../accounts';
import { contentHash, operationId } from '../identity';
import { grantId, type Event } from '../lots';
import type { WalletState } from '../state';
import { statusShown } from './alert';
import type { Posting } from './posting';

/** Who does what time brings. */
export const TIME = 'system:time';

/** The operation by which a grant starts, or expires, or the next part of it that a hold had kept (money-rules 17). */
export function eventPosting(partnerId: string, wallet: WalletState, { kind, lot, amount, at }: Event): Posting {
  const { walletId, customerId } = wallet;
  const name = grantId(walletId, lot.grant);
  const key = eventKey(walletId, kind, lot.grant, lot.parts);
  const id = operationId(partnerId, 'time', key);
  const line =
    kind === 'start'
      ? { debit: lot.source, credit: walletId, amount, starts: lot.grant }
      : {
          debit: walletId,
          credit: ACCOUNTS.expiry,
          amount,
          test: { floor: ZERO, flagged: ZERO, burning: { only: lot.grant } },
        };
  return {
    operationId: id,
    kind,
    key,
    contentHash: contentHash({ kind, grant: name, amount }),
    actor: TIME,
    callId: null,
    reverses: null,
    note: null,
    at,
    lines: [line],
    result: (after) => ({
      operation_id: id,
      kind,
      customer_id: customerId,
      wallet: customerId === null ? 'partner' : 'customer',
      amount: toJsonNumber(after.moved(walletId)),
      balance_after: toJsonNumber(after.wallet(walletId).posted),
      status: statusShown(after.wallet(walletId)),
      at: new Date(after.at).toISOString(),
    }),
  };
}

/** `expire:<grant>`, and `expire:<grant>:<n>` for the n-th part. */
export function eventKey(walletId: number, kind: Event['kind'], grant: number, parts: number): string {
  const name = grantId(walletId, grant);
  if (kind === 'start') return `start:${name}`;
  return parts === 0 ? `expire:${name}` : `expire:${name}:${parts + 1}`;
}
