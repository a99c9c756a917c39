import { createEndpoint, listEndpoints, updateEndpoint } from '@talktime/core/calls';
import { endpoint, endpointCreate, endpointUpdate } from '@talktime/core/contract';
import { z } from 'zod';
import { partnerCaller, requireWholePartner } from '../access';
import type { Routes } from './index';
import { listOf } from './queries';

export const endpointRoutes: Routes = async (app, { talktime }) => {
  app.post(
    '/v1/endpoints',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'ENDPOINT_EXISTS'],
        example: { provider: 'retell', secrets: ['the API key that has the webhook badge'] },
      },
      schema: {
        tags: ['Partner'],
        operationId: 'createEndpoint',
        summary: "Make the address for a provider account's webhooks",
        description: 'Paste the address into the provider. Its signing secrets are sealed and never shown again.',
        body: endpointCreate,
        response: { 201: endpoint },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return reply.code(201).send(await createEndpoint(talktime, caller.partnerId, caller.actor, request.body));
    },
  );

  app.patch(
    '/v1/endpoints/:endpoint_id',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'ENDPOINT_NOT_FOUND'],
        example: { secrets: ['the new secret', 'the old one, until the provider uses the new one'] },
      },
      schema: {
        tags: ['Partner'],
        operationId: 'updateEndpoint',
        summary: "Change an endpoint's secrets or settings",
        description: 'What is given replaces what was: to rotate, give the new secret beside the old one first.',
        params: z.object({ endpoint_id: z.string().min(1).max(100) }),
        body: endpointUpdate,
        response: { 200: endpoint },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return updateEndpoint(talktime, caller.partnerId, caller.actor, request.params.endpoint_id, request.body);
    },
  );

  app.get(
    '/v1/endpoints',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Partner'],
        operationId: 'listEndpoints',
        summary: 'The addresses for webhooks',
        response: { 200: listOf(endpoint) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return { items: await listEndpoints(talktime, caller.partnerId) };
    },
  );
};
