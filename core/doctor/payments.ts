import type { Finding } from '../contract';
import type { CustomerFacts, PartnerFacts, PaymentFacts } from './facts';
import { found } from './finding';
import { counted } from './words';

const PRESS =
  'Press “Try again”, or call POST /v1/payments/{id}/sync. Whoever runs the service can ask for all of them: talktime reconcile stripe.';

/** The playbook's "paid, but not credited", of the partner as a whole. */
export function paymentsOfPartner({ payments }: PartnerFacts): (Finding | null)[] {
  const { isOn, troubled, waiting, differing } = payments;
  return [
    isOn === false
      ? found(
          'PAYMENTS_OFF',
          'No Stripe key is set, so nothing can be bought by card. Top-ups by hand and everything else work.',
          'To sell by card, whoever runs the service sets STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET.',
        )
      : null,
    notCredited(troubled),
    notLookedAt(troubled),
    differing
      ? found(
          'PAYMENTS_DIFFER',
          `The daily comparison left ${counted(differing.count, 'difference')}. ${differing.title}: ${differing.detail}`,
          differing.next,
        )
      : null,
    waiting.count > 0
      ? found(
          'STRIPE_EVENTS_WAITING',
          `${counted(waiting.count, 'message')} of Stripe could not be worked on yet${waiting.lastError === null ? '' : ` (${waiting.lastError})`}.`,
          'They are tried again by themselves. If it stays, whoever runs the service runs: talktime reconcile stripe.',
        )
      : null,
    isOn && troubled.length === 0 && waiting.count === 0 && !differing
      ? found('PAYMENTS_CREDITED', 'All that was paid through Stripe is credited.')
      : null,
  ];
}

/** The same of one customer; nothing where nothing is wrong. */
export function paymentsOfCustomer({ payments }: CustomerFacts): Finding | null {
  return notCredited(payments) ?? notLookedAt(payments);
}

function notCredited(troubled: PaymentFacts): Finding | null {
  const all = troubled.filter(({ kind }) => kind === 'not_credited');
  const [first] = all;
  if (!first) return null;
  return found(
    'PAYMENT_NOT_CREDITED',
    `${first.name} paid ${first.money} (${first.paymentId}), which is not credited.${first.why === null ? '' : ` ${first.why}`}${others(all)}`,
    PRESS,
    'payments',
  );
}

function notLookedAt(troubled: PaymentFacts): Finding | null {
  const all = troubled.filter(({ kind }) => kind === 'not_looked_at');
  const [first] = all;
  if (!first) return null;
  return found(
    'PAYMENT_UNHEARD',
    `Of a checkout of ${first.name} over ${first.money} (${first.paymentId}) nothing was heard although its time is over: no webhook came, and nobody asked.${others(all)}`,
    PRESS,
    'payments',
  );
}

const others = (all: PaymentFacts) =>
  all.length > 1 ? ` ${counted(all.length - 1, 'other payment is', 'other payments are')} like that.` : '';
