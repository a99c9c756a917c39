import {
  checkoutCreate,
  customerId,
  payment,
  paymentDetails,
  paymentId,
  paymentSettings,
  paymentSettingsPatch,
  paymentState,
  reconcileRequest,
  reconciliation,
  refundCreate,
  TalktimeError,
} from '@talktime/core/contract';
import {
  getPayment,
  getPaymentDetails,
  getPaymentSettings,
  keepReport,
  listPayments,
  newestReport,
  openCheckout,
  reconcile,
  refundPayment,
  settlePayment,
  updatePaymentSettings,
  type PaymentContext,
} from '@talktime/core/payments';
import { z } from 'zod';
import { partnerCaller, requireCustomer, requireWholePartner } from '../access';
import type { Routes } from './index';
import { pageOf, pageQuery } from './queries';

const STRIPE_PROBLEMS = ['PAYMENTS_OFF', 'STRIPE_REFUSED', 'STRIPE_UNREACHABLE'] as const;
const NUMBERS = ['NUMBER_INVALID', 'NUMBER_PRECISION', 'NUMBER_RANGE'] as const;

/** Of a comparison with Stripe. */
const USUAL_DAYS = 7;
const MOST_DAYS = 31;
const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60 * 1000);

export const paymentRoutes: Routes = async (app, { talktime, payments }) => {
  app.post(
    '/v1/checkouts',
    {
      config: {
        access: { scope: 'top-up', tenancy: 'partner' },
        problems: [
          ...STRIPE_PROBLEMS,
          ...NUMBERS,
          'PAYMENTS_NOT_READY',
          'CUSTOMER_KEY_LIMITED',
          'CUSTOMER_NOT_FOUND',
          'PLAN_NOT_FOUND',
          'PLAN_INACTIVE',
          'RATE_REQUIRED',
          'PRICE_NOT_PAYABLE',
          'TOP_UP_LIMIT',
          'AMOUNT_NOT_POSITIVE',
          'IDEMPOTENCY_CONFLICT',
          'PAYMENT_EXPIRED',
        ],
        example: { customer_id: 'cus_acme', plan_id: 'minutes-100', idempotency_key: 'top-up-2026-11-25-acme' },
      },
      schema: {
        tags: ['Payments'],
        operationId: 'openCheckout',
        summary: 'Open a page on which somebody pays for credits',
        description:
          'Send the payer to `url`. The credits are in the wallet once Stripe says that it was paid, whether or not the payer comes back. The page is open for 30 minutes.',
        body: checkoutCreate,
        response: { 200: payment, 201: payment },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.body.customer_id);
      const { replayed, ...opened } = await openCheckout(
        requirePayments(payments),
        caller.partnerId,
        caller.actor,
        request.body,
      );
      return reply.code(replayed ? 200 : 201).send(opened);
    },
  );

  app.get(
    '/v1/payments',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Payments'],
        operationId: 'listPayments',
        summary: 'Payments, newest first',
        querystring: pageQuery.extend({ customer_id: customerId.optional(), state: paymentState.optional() }),
        response: { 200: pageOf(payment) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      const { customer_id = caller.principal.customerId ?? undefined, ...page } = request.query;
      requireCustomer(caller, customer_id);
      return listPayments(talktime.database, caller.partnerId, { ...page, customerId: customer_id });
    },
  );

  app.get(
    '/v1/payments/:id',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['PAYMENT_NOT_FOUND'] },
      schema: {
        tags: ['Payments'],
        operationId: 'getPayment',
        summary: 'A payment, with what went back of it and who wants it back',
        params: z.object({ id: paymentId }),
        response: { 200: paymentDetails },
      },
    },
    async (request) => {
      const { partnerId, principal } = partnerCaller(request);
      return getPaymentDetails(talktime.database, partnerId, request.params.id, principal.customerId);
    },
  );

  app.post(
    '/v1/payments/:id/refunds',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [
          ...STRIPE_PROBLEMS,
          ...NUMBERS,
          'PAYMENT_NOT_FOUND',
          'PAYMENT_NOT_PAID',
          'REFUND_LIMIT',
          'PRICE_NOT_PAYABLE',
          'AMOUNT_NOT_POSITIVE',
          'IDEMPOTENCY_CONFLICT',
          'CUSTOMER_KEY_LIMITED',
          'HOST_KEY_REQUIRED',
        ],
        example: { amount: '20', reason: 'requested_by_customer', idempotency_key: 'refund-2026-11-25-acme' },
      },
      schema: {
        tags: ['Payments'],
        operationId: 'refundPayment',
        summary: 'Give money of a payment back, all that is left of it unless said',
        description:
          'The credits go back in the same share, whether they are still there or not. Of a payment on the host’s account it takes a host key. When Stripe does not answer, it is asked again by itself, and refunds once.',
        params: z.object({ id: paymentId }),
        body: refundCreate,
        response: { 200: paymentDetails, 201: paymentDetails },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const { replayed, ...refunded } = await refundPayment(
        requirePayments(payments),
        caller.partnerId,
        caller.actor,
        request.params.id,
        request.body,
      );
      return reply.code(replayed ? 200 : 201).send(refunded);
    },
  );

  app.post(
    '/v1/payments/:id/sync',
    {
      config: { access: { scope: 'top-up', tenancy: 'partner' }, problems: [...STRIPE_PROBLEMS, 'PAYMENT_NOT_FOUND'] },
      schema: {
        tags: ['Payments'],
        operationId: 'syncPayment',
        summary: 'Paid, but not credited? Asks Stripe now',
        description:
          'Brings the ledger to what Stripe has of the payment. It may be called at any time, any number of times.',
        params: z.object({ id: paymentId }),
        response: { 200: payment },
      },
    },
    async (request) => {
      const { partnerId, principal } = partnerCaller(request);
      await getPayment(talktime.database, partnerId, request.params.id, principal.customerId);
      return settlePayment(requirePayments(payments), partnerId, request.params.id);
    },
  );

  app.get(
    '/v1/payments/reconciliation',
    {
      config: { access: { scope: 'manage', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Payments'],
        operationId: 'getReconciliation',
        summary: 'How Stripe and the ledger compared last',
        description: 'They are compared every day, both ways; what can be mended is.',
        response: { 200: z.object({ report: reconciliation.nullable() }) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return { report: await newestReport(talktime.database, caller.partnerId) };
    },
  );

  app.post(
    '/v1/payments/reconcile',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [...STRIPE_PROBLEMS, 'CUSTOMER_KEY_LIMITED', 'REQUEST_INVALID'],
        example: { mend: true },
      },
      schema: {
        tags: ['Payments'],
        operationId: 'reconcilePayments',
        summary: 'Compare Stripe with the ledger now, both ways, and mend what can be mended',
        body: reconcileRequest,
        response: { 200: reconciliation },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const context = requirePayments(payments);
      const { since = daysAgo(USUAL_DAYS), mend } = request.body;
      if (since < daysAgo(MOST_DAYS + 1))
        throw new TalktimeError(
          'REQUEST_INVALID',
          `"since" may be ${MOST_DAYS} days ago at most. For longer: talktime reconcile stripe --since.`,
          [{ path: 'since', message: `at most ${MOST_DAYS} days ago` }],
        );
      const report = await reconcile(context, caller.partnerId, { since, mend });
      await keepReport(context.database, caller.partnerId, caller.actor, report);
      return report;
    },
  );

  app.get(
    '/v1/payment-settings',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Payments'],
        operationId: 'getPaymentSettings',
        summary: 'How the partner sells',
        response: { 200: paymentSettings },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return getPaymentSettings(talktime.database, caller.partnerId);
    },
  );

  app.patch(
    '/v1/payment-settings',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [...NUMBERS, 'CUSTOMER_KEY_LIMITED', 'HOST_KEY_REQUIRED', 'REQUEST_INVALID'],
        example: { least_top_up: '10', most_top_up: '500' },
      },
      schema: {
        tags: ['Payments'],
        operationId: 'updatePaymentSettings',
        summary: 'Change how the partner sells; what is left out stays as it is',
        body: paymentSettingsPatch,
        response: { 200: paymentSettings },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return updatePaymentSettings(talktime.database, caller.partnerId, caller.actor, request.body);
    },
  );
};

/** What works with payments, or a refusal that says what is missing. */
export function requirePayments(payments: PaymentContext | null): PaymentContext {
  if (payments) return payments;
  throw new TalktimeError(
    'PAYMENTS_OFF',
    'Payments are not set up here: the service has no Stripe key. Whoever runs it sets STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET (docs/operators.md). Top-ups by hand work without.',
  );
}
