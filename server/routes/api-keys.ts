import { createApiKey, listApiKeys, revokeApiKey } from '@talktime/core/access';
import { apiKey, apiKeyCreate, apiKeyCreated, TalktimeError, type Scope } from '@talktime/core/contract';
import { z } from 'zod';
import { callerOf, requireWholePartner, type Caller } from '../access';
import type { Routes } from './index';
import { listOf, nothing } from './queries';

/** A host without the header Talktime-Partner deals with the host's own keys. */
const ACCESS = { scope: 'manage', tenancy: 'either' } as const;

export const apiKeyRoutes: Routes = async (app, { talktime }) => {
  app.post(
    '/v1/api-keys',
    {
      config: {
        access: ACCESS,
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
        example: { name: 'n8n', scopes: ['read', 'deduct'] },
      },
      schema: {
        tags: ['Partner'],
        operationId: 'createApiKey',
        summary: 'Make an API key',
        description: "The answer shows the key, this once. A key can't give scopes that it doesn't have.",
        body: apiKeyCreate,
        response: { 201: apiKeyCreated },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      requireWholePartner(caller);
      requireOwnScopes(caller, request.body.scopes);
      const created = await createApiKey(talktime.database, caller.partnerId, caller.actor, request.body);
      return reply.code(201).header('cache-control', 'no-store').send(created);
    },
  );

  app.get(
    '/v1/api-keys',
    {
      config: { access: ACCESS, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Partner'],
        operationId: 'listApiKeys',
        summary: 'API keys, newest first, without the keys themselves',
        response: { 200: listOf(apiKey) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      requireWholePartner(caller);
      return { items: await listApiKeys(talktime.database, caller.partnerId) };
    },
  );

  app.delete(
    '/v1/api-keys/:id',
    {
      config: { access: ACCESS, problems: ['API_KEY_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Partner'],
        operationId: 'revokeApiKey',
        summary: 'End an API key, at once',
        params: z.object({ id: z.string().min(1).max(100) }),
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      requireWholePartner(caller);
      await revokeApiKey(talktime.database, caller.partnerId, caller.actor, request.params.id);
      return reply.code(204).send();
    },
  );
};

function requireOwnScopes({ principal }: Caller, wanted: readonly Scope[]): void {
  if (principal.scopes.has('host')) return;
  const beyond = wanted.filter((scope) => !principal.scopes.has(scope));
  if (beyond.length === 0) return;
  throw new TalktimeError(
    'SCOPE_MISSING',
    `This key cannot give what it does not have: ${beyond.join(', ')}. It has: ${[...principal.scopes].join(', ')}.`,
  );
}
