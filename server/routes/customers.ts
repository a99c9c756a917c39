import { customer, customerCreate, customerId, customerUpdate } from '@talktime/core/contract';
import { createCustomer, getCustomer, listCustomers, updateCustomer } from '@talktime/core/customers';
import { z } from 'zod';
import { partnerCaller, requireCustomer, requireWholePartner } from '../access';
import type { Routes } from './index';
import { pageOf, pageQuery, search } from './queries';

const params = z.object({ id: customerId });
const NUMBERS = ['NUMBER_INVALID', 'NUMBER_PRECISION', 'NUMBER_RANGE', 'ALERT_LEVEL_INVALID'] as const;

export const customerRoutes: Routes = async (app, { talktime }) => {
  app.post(
    '/v1/customers',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'CUSTOMER_EXISTS', 'MAPPING_TAKEN', 'RATE_REQUIRED', ...NUMBERS],
        example: {
          id: 'cus_acme',
          name: 'Acme Dental',
          settings: {
            ai_credits_enabled: true,
            price_per_minute: { money: '0.12' },
            grace_seconds: 30,
            low_credit_threshold: '100',
            low_credit_notifications_enabled: true,
          },
          mappings: [{ kind: 'agent', value: 'agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD' }],
        },
      },
      schema: {
        tags: ['Customers'],
        operationId: 'createCustomer',
        summary: 'Create a customer, with settings and mappings',
        description: 'All or nothing. Settings that are left out are off, as the Manage panel shows a new customer.',
        body: customerCreate,
        response: { 201: customer },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return reply
        .code(201)
        .send(await createCustomer(talktime.database, caller.partnerId, caller.actor, request.body));
    },
  );

  app.get(
    '/v1/customers',
    {
      config: { access: { scope: 'read', tenancy: 'partner' } },
      schema: {
        tags: ['Customers'],
        operationId: 'listCustomers',
        summary: 'Customers by name',
        description: 'A key that is limited to a customer sees that one.',
        querystring: pageQuery.extend({
          search: search.meta({ description: 'A part of the name, or the beginning of the id' }),
        }),
        response: { 200: pageOf(customer) },
      },
    },
    async (request) => {
      const { partnerId, principal } = partnerCaller(request);
      if (principal.customerId !== null)
        return { items: [await getCustomer(talktime.database, partnerId, principal.customerId)], next_cursor: null };
      return listCustomers(talktime.database, partnerId, request.query);
    },
  );

  app.get(
    '/v1/customers/:id',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
      },
      schema: {
        tags: ['Customers'],
        operationId: 'getCustomer',
        summary: 'A customer',
        params,
        response: { 200: customer },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.params.id);
      return getCustomer(talktime.database, caller.partnerId, request.params.id);
    },
  );

  app.patch(
    '/v1/customers/:id',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED', 'RATE_REQUIRED', ...NUMBERS],
        example: {
          settings: {
            grace_seconds: 30,
            low_credit_threshold: '100',
            low_credit_notifications_enabled: true,
            alert_levels: [{ status: 'critical', kind: 'days', value: '2' }],
          },
        },
      },
      schema: {
        tags: ['Customers'],
        operationId: 'updateCustomer',
        summary: "Change a customer's name and settings",
        description:
          'What is left out stays as it is. A new price per minute is a new version of the rate, from now on.',
        params,
        body: customerUpdate,
        response: { 200: customer },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.params.id);
      return updateCustomer(talktime.database, caller.partnerId, caller.actor, request.params.id, request.body);
    },
  );
};
