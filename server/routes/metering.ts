import {
  billingChange,
  customerBilling,
  customerId,
  meter,
  meteringQuery,
  meteringReport,
} from '@talktime/core/contract';
import { changeBilling, getBilling, reportMetering, setUpMetering } from '@talktime/core/payments';
import { z } from 'zod';
import { partnerCaller, requireCustomer, requireWholePartner } from '../access';
import type { Routes } from './index';
import { requirePayments } from './payments';

const STRIPE_PROBLEMS = ['PAYMENTS_OFF', 'STRIPE_REFUSED', 'STRIPE_UNREACHABLE', 'CUSTOMER_KEY_LIMITED'] as const;
const params = z.object({ id: customerId });

/** Customers who pay afterwards: what they use is told to Stripe's meters. */
export const meteringRoutes: Routes = async (app, { talktime, payments }) => {
  app.post(
    '/v1/metering/set-up',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [...STRIPE_PROBLEMS, 'PAYMENTS_NOT_READY'],
      },
      schema: {
        tags: ['Payments'],
        operationId: 'setUpMetering',
        summary: 'Make the meter that counts what customers use, on the Stripe account that the partner sells on',
        description:
          'It counts microcredits: 1,000,000 are a credit. Finds the one that is there; asked again, answers the same.',
        response: { 200: meter },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return setUpMetering(requirePayments(payments), caller.partnerId, caller.actor);
    },
  );

  app.get(
    '/v1/customers/:id/billing',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'CUSTOMER_NOT_FOUND'],
      },
      schema: {
        tags: ['Payments'],
        operationId: 'getCustomerBilling',
        summary: 'Whether a customer pays before or afterwards',
        params,
        response: { 200: customerBilling },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.params.id);
      return getBilling(talktime.database, caller.partnerId, request.params.id);
    },
  );

  app.put(
    '/v1/customers/:id/billing',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [
          'CUSTOMER_KEY_LIMITED',
          'CUSTOMER_NOT_FOUND',
          'PAYMENTS_OFF',
          'PAYMENTS_NOT_READY',
          'METERING_NOT_READY',
          'BILLED_TWICE',
          'FUNDING_ALLOCATED',
        ],
        example: { billing: 'metered' },
      },
      schema: {
        tags: ['Payments'],
        operationId: 'changeCustomerBilling',
        summary: 'Let a customer pay afterwards, or before again',
        description:
          'Metered, what it uses from now on is told to Stripe within a minute. The balance goes down meanwhile, so give it an overdraft as large as a period may cost.',
        params,
        body: billingChange,
        response: { 200: customerBilling },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const { billing } = request.body;
      if (billing === 'metered') requirePayments(payments);
      return changeBilling(talktime.database, caller.partnerId, caller.actor, request.params.id, billing);
    },
  );

  app.get(
    '/v1/reports/metering',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: [...STRIPE_PROBLEMS] },
      schema: {
        tags: ['Reports'],
        operationId: 'reportMetering',
        summary: "What metered customers used, by day, beside what Stripe's meters have",
        querystring: meteringQuery,
        response: { 200: meteringReport },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return reportMetering(requirePayments(payments), caller.partnerId, request.query);
    },
  );
};
