import type { Finding } from '../contract';
import type { PartnerFacts } from './facts';
import { found } from './finding';
import { counted } from './words';

/** The account at Stripe that the partner sells on: nothing where it sells on none of its own. */
export function stripeAccount({ payments: { isOn, account } }: PartnerFacts): Finding | null {
  if (isOn === false || !account) return null;
  if (account.chargesEnabled) return found('STRIPE_ACCOUNT_READY', 'Customers pay on your own Stripe account.');
  const due = account.due.length === 0 ? '' : ` Stripe wants: ${account.due.join('; ')}.`;
  return found(
    'STRIPE_ACCOUNT_NOT_READY',
    `Nobody can pay on it. ${account.refusal ?? 'Stripe has not said why.'}${due}`,
    "POST /v1/stripe/connect answers a link to Stripe's page, on which its owner says what is missing.",
  );
}

/** Customers who pay afterwards, and of whose usage Stripe cannot be told. */
export function metering({ payments: { untold } }: PartnerFacts): Finding | null {
  if (!untold) return null;
  return found(
    'METERING_FAILING',
    `What ${counted(untold.count, 'customer')} used could not be told to Stripe, and would not be billed. ${untold.first}: ${untold.error}`,
    'It is tried again by itself. GET /v1/reports/metering shows what is missing.',
  );
}
