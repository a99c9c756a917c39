import type { PaymentsData } from '@talktime/bot';
import { checkoutCreate, TalktimeError } from '@talktime/core/contract';
import { getCustomer } from '@talktime/core/customers';
import { getPlan } from '@talktime/core/plans';
import { openCheckout, retryPayments, type PaymentContext } from '@talktime/core/payments';
import { accessOf, actorOf } from './actor';
import { refusable, Refusal } from './refusals';
import type { Database } from '@talktime/core/database';

/** Pages to pay on, and payments that are looked at again; none of it without a Stripe key. */
export function paymentsData(database: Database, payments: PaymentContext | null): PaymentsData {
  const required = (): PaymentContext => {
    if (payments) return payments;
    throw new TalktimeError('PAYMENTS_OFF', 'Payments are not set up here: the service has no Stripe key.');
  };
  return {
    takesPayments: () => payments !== null,

    paymentLink: (actor, channelId, draftId, { customerId, planId, amount }) =>
      refusable(async () => {
        const context = required();
        const access = await accessOf(database, actor, channelId);
        const isOwn = access?.role === 'customer';
        const mayOpen = access && (isOwn || access.role === 'manager' || access.role === 'owner');
        if (!mayOpen || (access.customerId !== null && access.customerId !== customerId))
          throw new Refusal('NOT_ALLOWED', 'You may not do this any more. Ask an owner for a role.');
        const { partnerId } = access;
        const { name, settings } = await getCustomer(database, partnerId, customerId);
        if (isOwn && !settings.ai_credits_enabled)
          throw new Refusal('NOT_ALLOWED', 'Your calls are not paid from credits of yours.');
        // What a credit is worth is not theirs to see (money-rules 21).
        if (isOwn && planId === null && !settings.show_pricing_information)
          throw new Refusal('NOT_ALLOWED', 'Choose one of the plans.', 'plan');
        const wish = planId === null ? { amount: amount ?? '' } : { plan_id: planId };
        const parsed = checkoutCreate.safeParse({
          customer_id: customerId,
          ...wish,
          idempotency_key: `slack:${draftId}:${planId ?? amount}`.slice(0, 200),
        });
        if (!parsed.success) throw new Refusal('REQUEST_INVALID', 'That is no amount: type one such as 60.', 'amount');
        const opened = await openCheckout(context, partnerId, actorOf(actor), parsed.data);
        if (opened.url === null)
          throw new Refusal('PAYMENT_EXPIRED', 'This link is used, or has run out. Ask for a new one.');
        return {
          kind: 'link' as const,
          url: opened.url,
          customerName: name,
          planName: planId === null ? null : (await getPlan(database, partnerId, planId)).name,
          money: opened.amount,
          currency: opened.currency,
          credits: opened.credits,
          bonus: opened.bonus,
          expiresAt: new Date(opened.expires_at!),
        };
      }),

    async retryPayments(partnerId, actor, customerId, paymentId) {
      const tried = await retryPayments(required(), partnerId, actorOf(actor), {
        paymentId: paymentId ?? undefined,
        only: customerId ?? undefined,
      });
      return tried.map(({ name, money, state, why }) => ({ name, money, isCredited: state === 'paid', why }));
    },
  };
}
