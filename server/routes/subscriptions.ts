import { customerId, subscription, subscriptionChange, subscriptionStatus } from '@talktime/core/contract';
import {
  cancelSubscription,
  changeSubscription,
  getSubscription,
  listSubscriptions,
  resumeSubscription,
} from '@talktime/core/plans';
import { z } from 'zod';
import { partnerCaller, requireCustomer, requireWholePartner } from '../access';
import type { Routes } from './index';
import { pageOf, pageQuery } from './queries';

const MANAGE = { scope: 'manage', tenancy: 'partner' } as const;
const PROBLEMS = ['SUBSCRIPTION_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'] as const;
const params = z.object({ id: z.string().min(1).max(64) });

export const subscriptionRoutes: Routes = async (app, { talktime: { database } }) => {
  app.get(
    '/v1/subscriptions',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Plans'],
        operationId: 'listSubscriptions',
        summary: 'Recurring plans that customers have, or had',
        querystring: pageQuery.extend({ customer_id: customerId.optional(), status: subscriptionStatus.optional() }),
        response: { 200: pageOf(subscription) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      const { customer_id = caller.principal.customerId ?? undefined, ...page } = request.query;
      requireCustomer(caller, customer_id);
      return listSubscriptions(database, caller.partnerId, { ...page, customerId: customer_id });
    },
  );

  app.get(
    '/v1/subscriptions/:id',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: PROBLEMS },
      schema: {
        tags: ['Plans'],
        operationId: 'getSubscription',
        summary: 'One subscription',
        params,
        response: { 200: subscription },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      const found = await getSubscription(database, caller.partnerId, request.params.id);
      requireCustomer(caller, found.customer_id);
      return found;
    },
  );

  app.post(
    '/v1/subscriptions/:id/cancel',
    {
      config: { access: MANAGE, problems: PROBLEMS },
      schema: {
        tags: ['Plans'],
        operationId: 'cancelSubscription',
        summary: 'Let a subscription end with its period',
        description:
          'What the period granted stays until it ends. A subscription whose renewal is past due ends now. Asked again, nothing more happens.',
        params,
        response: { 200: subscription },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return cancelSubscription(database, caller.partnerId, caller.actor, request.params.id);
    },
  );

  app.post(
    '/v1/subscriptions/:id/resume',
    {
      config: { access: MANAGE, problems: [...PROBLEMS, 'SUBSCRIPTION_ENDED'] },
      schema: {
        tags: ['Plans'],
        operationId: 'resumeSubscription',
        summary: 'Take a cancellation back, while the period lasts',
        params,
        response: { 200: subscription },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return resumeSubscription(database, caller.partnerId, caller.actor, request.params.id);
    },
  );

  app.post(
    '/v1/subscriptions/:id/change',
    {
      config: {
        access: MANAGE,
        problems: [
          ...PROBLEMS,
          'SUBSCRIPTION_ENDED',
          'SUBSCRIPTION_ENDING',
          'PLAN_NOT_FOUND',
          'PLAN_INACTIVE',
          'PLAN_NOT_RECURRING',
          'PLAN_FREE',
        ],
        example: { plan_id: 'monthly-1000' },
      },
      schema: {
        tags: ['Plans'],
        operationId: 'changeSubscription',
        summary: 'Change the plan from the next period on',
        description:
          "The new plan's terms are kept as they are now. The present plan, as the subscription has it, takes a change back.",
        params,
        body: subscriptionChange,
        response: { 200: subscription },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return changeSubscription(database, caller.partnerId, caller.actor, request.params.id, request.body.plan_id);
    },
  );
};
