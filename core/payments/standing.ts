import { formatMoney } from './currency';
import type { Seen, SeenDispute, SeenRefund } from './observe';
import type { PaymentRow, PaymentState } from './rows';

/** How a payment stands, by what Stripe has of it. Money in minor units. */
export interface Standing {
  readonly state: Exclude<PaymentState, 'stuck'>;
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** With tax; null unless it was paid. */
  readonly received: bigint | null;
  readonly refunded: bigint;
  readonly lost: bigint;
  readonly disputed: bigint;
  readonly openDisputes: number;
}

const NOTHING_BACK = { received: null, refunded: 0n, lost: 0n, disputed: 0n, openDisputes: 0 };

/**
 * Reads the standing of a payment off what Stripe has. Pure: whatever was heard, in whatever order, does not count.
 * @param now milliseconds
 */
export function standingOf(row: PaymentRow, seen: Seen, now: number): Standing {
  const { session, intent } = seen;
  const at = (state: Standing['state'], failure: Standing['failure'] = null): Standing => ({
    state,
    failure,
    ...NOTHING_BACK,
  });
  if (!intent) {
    if (seen.refused) return at('failed', seen.refused);
    if (row.kind !== 'checkout') return at(row.state === 'failed' ? 'failed' : 'created', failureOf(row));
    // Nobody was ever told where to pay.
    if (!session)
      return at(
        row.expires_at !== null && row.expires_at.getTime() <= now
          ? 'expired'
          : row.state === 'failed'
            ? 'failed'
            : 'created',
      );
    if (session.status === 'complete') return at('mismatch', NOTHING_PAID);
    return at(session.status);
  }
  switch (intent.status) {
    case 'succeeded': {
      const wrong = mismatchOf(row, seen);
      if (wrong) return { ...at('mismatch', wrong), received: intent.received };
      return { state: 'paid', failure: null, received: intent.received, ...movedBack(seen) };
    }
    case 'processing':
      return at('processing');
    case 'canceled':
      return at(session?.status === 'expired' ? 'expired' : 'failed', intent.failure ?? failureOf(row));
    case 'requires_action':
      return session ? at('open') : at('needs_action', intent.failure);
    default:
      // The bank wants somebody to confirm what nobody was there for. https://docs.stripe.com/declines/codes
      if (row.kind !== 'checkout' && intent.failure?.code === 'authentication_required')
        return at('needs_action', intent.failure);
      if (!session || session.status === 'complete') return at('failed', intent.failure);
      return at(session.status, session.status === 'open' ? intent.failure : null);
  }
}

/** As it was noted: what Stripe has of a payment that was let go does not say why any more. */
function failureOf({ failure_code: code, failure_message: message }: PaymentRow): Standing['failure'] {
  return code === null ? null : { code, message: message ?? code };
}

const NOTHING_PAID = { code: 'nothing_paid', message: 'Stripe completed the checkout without a payment.' };

/** Why what was paid is not what was asked for; null when it is. */
function mismatchOf(row: PaymentRow, { session, intent }: Seen): Standing['failure'] {
  const asked = formatMoney(row.amount, row.currency);
  const wrong = (paid: bigint, currency: string) => ({
    code: 'amount_mismatch',
    message: `Stripe received ${formatMoney(paid, currency)}, and ${asked} were asked for.`,
  });
  if (intent!.currency !== row.currency) return wrong(intent!.received, intent!.currency);
  if (row.kind !== 'checkout') return intent!.received === row.amount ? null : wrong(intent!.received, row.currency);
  if (!session) return { code: 'no_session', message: 'The payment belongs to no checkout of this service.' };
  if (session.subtotal !== row.amount) return wrong(session.subtotal, session.currency);
  const expected = row.automatic_tax ? session.total : row.amount;
  return intent!.received === expected && session.total === expected ? null : wrong(intent!.received, row.currency);
}

function movedBack({ refunds, disputes }: Seen): Omit<Standing, 'state' | 'failure' | 'received'> {
  const open = disputes.filter(isOpen);
  return {
    refunded: sum(refunds.filter(goesBack)),
    lost: sum(disputes.filter(({ status }) => status === 'lost')),
    disputed: sum(open),
    openDisputes: open.length,
  };
}

/** A refund that failed or was cancelled leaves the money where it was. */
export const goesBack = ({ status }: Pick<SeenRefund, 'status'>) => status !== 'failed' && status !== 'canceled';

/** A warning (an inquiry) takes no money, and may never do. */
export const isOpen = ({ status }: Pick<SeenDispute, 'status'>) =>
  status === 'needs_response' || status === 'under_review';

const sum = (all: readonly { readonly amount: bigint }[]) => all.reduce((total, { amount }) => total + amount, 0n);
