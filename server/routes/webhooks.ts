import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listDeliveries,
  listWebhooks,
  redeliver,
} from '@talktime/core/alerts';
import { webhook, webhookCreate, webhookCreated, webhookDelivery } from '@talktime/core/contract';
import { z } from 'zod';
import { partnerCaller, requireWholePartner } from '../access';
import type { Routes } from './index';
import { listOf, nothing } from './queries';

const params = z.object({ id: z.string().min(1).max(100) });

/** Outgoing webhooks: who is told when something happens. They see what the whole partner's key sees. */
export const webhookRoutes: Routes = async (app, { talktime, webhookAddresses }) => {
  const { database } = talktime;

  app.post(
    '/v1/webhooks',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'CUSTOMER_NOT_FOUND', 'WEBHOOK_ADDRESS_REFUSED', 'WEBHOOK_LIMIT'],
        example: { url: 'https://n8n.example.com/webhook/talktime', events: ['balance.low', 'call.suspended'] },
      },
      schema: {
        tags: ['Webhooks'],
        operationId: 'createWebhook',
        summary: 'Be told when something happens',
        description:
          'From now on each event is posted to the address, signed as standardwebhooks.com describes, until 2xx is answered: nine attempts in a little more than a day. Events may arrive twice and out of order; `id` is the same every time. The secret is shown this once.',
        body: webhookCreate,
        response: { 201: webhookCreated },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const { partnerId, actor } = caller;
      return reply.code(201).send(await createWebhook(talktime, partnerId, actor, request.body, webhookAddresses));
    },
  );

  app.get(
    '/v1/webhooks',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Webhooks'],
        operationId: 'listWebhooks',
        summary: 'The webhooks, and how they fare',
        response: { 200: listOf(webhook) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return { items: await listWebhooks(database, caller.partnerId) };
    },
  );

  app.get(
    '/v1/webhooks/:id',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'WEBHOOK_NOT_FOUND'],
      },
      schema: {
        tags: ['Webhooks'],
        operationId: 'getWebhook',
        summary: 'A webhook',
        params,
        response: { 200: webhook },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return getWebhook(database, caller.partnerId, request.params.id);
    },
  );

  app.delete(
    '/v1/webhooks/:id',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'WEBHOOK_NOT_FOUND'],
      },
      schema: {
        tags: ['Webhooks'],
        operationId: 'deleteWebhook',
        summary: 'Be told no more',
        description: 'What was yet to be delivered to it is forgotten.',
        params,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      await deleteWebhook(database, caller.partnerId, caller.actor, request.params.id);
      return reply.code(204).send();
    },
  );

  app.get(
    '/v1/webhooks/:id/deliveries',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'WEBHOOK_NOT_FOUND'],
      },
      schema: {
        tags: ['Webhooks'],
        operationId: 'listWebhookDeliveries',
        summary: 'What was told to a webhook, newest first',
        description: 'Waiting, delivered in the last 30 days, or given up, with the reason.',
        params,
        querystring: z.object({
          state: webhookDelivery.shape.state.optional(),
          limit: z.coerce
            .number()
            .int()
            .min(1)
            .max(200)
            .default(50)
            .meta({ description: 'How many at most, 1 to 200' }),
        }),
        response: { 200: listOf(webhookDelivery) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return { items: await listDeliveries(database, caller.partnerId, request.params.id, request.query) };
    },
  );

  app.post(
    '/v1/webhooks/:id/deliveries/:event_id/replay',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'WEBHOOK_NOT_FOUND', 'DELIVERY_NOT_FOUND'],
      },
      schema: {
        tags: ['Webhooks'],
        operationId: 'replayWebhookDelivery',
        summary: 'Tell an event again',
        description: 'Delivered or given up: the same id and the same body, with all attempts before it.',
        params: params.extend({ event_id: z.uuid() }),
        response: { 200: webhookDelivery },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const { id, event_id } = request.params;
      return redeliver(database, caller.partnerId, caller.actor, id, event_id);
    },
  );
};
