import { customerId, plan, planApplied, planApply, planCreate, planId, planUpdate } from '@talktime/core/contract';
import { applyPlan, createPlan, getPlan, listPlans, updatePlan } from '@talktime/core/plans';
import { z } from 'zod';
import { partnerCaller, requireCustomer, requireWholePartner } from '../access';
import { answer } from './amounts';
import type { Routes } from './index';
import { pageOf, pageQuery, search } from './queries';

export const planRoutes: Routes = async (app, { talktime }) => {
  app.post(
    '/v1/plans',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [
          'CUSTOMER_KEY_LIMITED',
          'PLAN_EXISTS',
          'AMOUNT_NOT_POSITIVE',
          'NUMBER_INVALID',
          'NUMBER_PRECISION',
          'NUMBER_RANGE',
        ],
        example: { id: 'minutes-100', name: '100 minutes', minutes: '100', price: '60', popular: true },
      },
      schema: {
        tags: ['Plans'],
        operationId: 'createPlan',
        summary: 'Create a pack of credits or minutes, or a plan that recurs',
        description:
          'With recurring, its credits are granted at the beginning of each period and go at its end, but for what rolls over.',
        body: planCreate,
        response: { 201: plan },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return reply.code(201).send(await createPlan(talktime.database, caller.partnerId, caller.actor, request.body));
    },
  );

  app.get(
    '/v1/plans',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
      },
      schema: {
        tags: ['Plans'],
        operationId: 'listPlans',
        summary: 'Plans by id',
        description:
          'With customer_id: the active plans that this customer may see. A key that is limited to a customer sees those.',
        querystring: pageQuery.extend({
          search: search.meta({ description: 'A part of the name' }),
          customer_id: customerId.optional(),
        }),
        response: { 200: pageOf(plan) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      const { customer_id = caller.principal.customerId ?? undefined, ...page } = request.query;
      requireCustomer(caller, customer_id);
      return listPlans(talktime.database, caller.partnerId, { ...page, customerId: customer_id });
    },
  );

  app.get(
    '/v1/plans/:id',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['PLAN_NOT_FOUND', 'CUSTOMER_NOT_FOUND'],
      },
      schema: {
        tags: ['Plans'],
        operationId: 'getPlan',
        summary: 'One plan',
        description: 'A key that is limited to a customer sees the active plans that the customer may see.',
        params: z.object({ id: planId }),
        response: { 200: plan },
      },
    },
    async (request) => {
      const { partnerId, principal } = partnerCaller(request);
      return getPlan(talktime.database, partnerId, request.params.id, principal.customerId);
    },
  );

  app.patch(
    '/v1/plans/:id',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [
          'PLAN_NOT_FOUND',
          'CUSTOMER_KEY_LIMITED',
          'AMOUNT_NOT_POSITIVE',
          'NUMBER_INVALID',
          'NUMBER_PRECISION',
          'NUMBER_RANGE',
        ],
        example: { price: '75', bonus: '50', expires_after_days: 365 },
      },
      schema: {
        tags: ['Plans'],
        operationId: 'updatePlan',
        summary: 'Change a plan from now on',
        description:
          'What was sold before stays as it was sold: every application keeps the terms of its moment, and a subscription keeps its own until it is changed to others.',
        params: z.object({ id: planId }),
        body: planUpdate,
        response: { 200: plan },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return updatePlan(talktime.database, caller.partnerId, caller.actor, request.params.id, request.body);
    },
  );

  app.post(
    '/v1/plans/:id/apply',
    {
      config: {
        access: { scope: 'top-up', tenancy: 'partner' },
        problems: [
          'PLAN_NOT_FOUND',
          'PLAN_INACTIVE',
          'CUSTOMER_NOT_FOUND',
          'CUSTOMER_KEY_LIMITED',
          'RATE_REQUIRED',
          'SUBSCRIPTION_EXISTS',
          'INSUFFICIENT_CREDITS',
          'IDEMPOTENCY_CONFLICT',
          'WALLET_LIMIT',
        ],
        example: { customer_id: 'cus_acme', idempotency_key: 'order-1007' },
      },
      schema: {
        tags: ['Plans'],
        operationId: 'applyPlan',
        summary: 'Apply a plan to a customer: its credits are in the wallet when this answers',
        description:
          "A plan in minutes is converted at the customer's rate of this moment. A recurring plan starts a subscription, whose further periods are granted by themselves; a customer has one at a time.",
        params: z.object({ id: planId }),
        body: planApply,
        response: { 200: planApplied, 201: planApplied },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.body.customer_id);
      return answer(reply, await applyPlan(talktime, caller.partnerId, caller.actor, request.params.id, request.body));
    },
  );
};
