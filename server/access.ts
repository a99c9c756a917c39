import { authenticate, type Actor, type Principal } from '@talktime/core/access';
import { scope as scopes, TalktimeError, type Scope } from '@talktime/core/contract';
import { getPartner } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Limits } from './limits';

/** What a route asks of a key, declared in the route's `config.access`. */
export interface Access {
  /** `any`: a valid key is enough. */
  readonly scope: Scope | 'any';
  /** Whose matters the route is about: a partner's; the host's; or a partner's when one is meant, else the host's. */
  readonly tenancy: 'partner' | 'host' | 'either';
}

/** Who asks, and for which partner. */
export interface Caller {
  readonly principal: Principal;
  readonly actor: Actor;
  /** null only on routes that are the host's. */
  readonly partnerId: string | null;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    caller: Caller | null;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Requires of every route that declares an access: a valid key, the scope, and a partner. A host's key may do everything
 * and says for whom in the header Talktime-Partner.
 */
export function requireAccess(app: FastifyInstance, database: Database, limits: Limits): void {
  app.decorateRequest('caller', null);
  app.addHook('onRequest', async (request, reply) => {
    const access = request.routeOptions.config.access;
    if (!access) return;
    const key = /^Bearer +([^ ]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const principal = key === undefined ? null : await authenticate(database, key);
    if (!principal) {
      await limits.refusal(request, reply);
      throw new TalktimeError(
        'UNAUTHENTICATED',
        key === undefined
          ? 'Send the API key as "Authorization: Bearer tt_…".'
          : 'The API key is unknown or was revoked. Check that it was copied whole, or make a new one.',
      );
    }
    requireScope(principal, access.scope);
    const host = principal.scopes.has('host');
    const partnerId =
      access.tenancy === 'host' ? null : await partnerMeant(database, request, principal, access.tenancy === 'partner');
    request.caller = { principal, actor: { id: `key:${principal.keyId}`, host }, partnerId };
    await limits.request(request, reply);
  });
}

/** Refuses a key without a scope; a host's key has them all. */
export function requireScope(principal: Principal, scope: Access['scope']): void {
  if (scope === 'any' || principal.scopes.has('host') || principal.scopes.has(scope)) return;
  const has = scopes.options.filter((option) => principal.scopes.has(option)).join(', ');
  throw new TalktimeError('SCOPE_MISSING', `This needs a key with the scope "${scope}"; this key has: ${has}.`);
}

async function partnerMeant(
  database: Database,
  request: FastifyRequest,
  principal: Principal,
  required: boolean,
): Promise<string | null> {
  const named = request.headers['talktime-partner'];
  if (principal.partnerId !== null) {
    if (named === undefined || named === principal.partnerId) return principal.partnerId;
    throw new TalktimeError(
      'PARTNER_NOT_FOUND',
      "The header Talktime-Partner names another partner than the key is for. Leave it out: a partner's key says whose it is.",
    );
  }
  if (named === undefined) {
    if (!required) return null;
    throw new TalktimeError(
      'PARTNER_REQUIRED',
      'A host key acts for a partner: name it in the header "Talktime-Partner: <partner id>". GET /v1/partners lists them.',
    );
  }
  if (typeof named !== 'string' || !UUID.test(named))
    throw new TalktimeError(
      'PARTNER_NOT_FOUND',
      'The header Talktime-Partner holds no partner id. GET /v1/partners lists them.',
    );
  await getPartner(database, named);
  return named;
}

/** Who asks. On a route whose access is a partner's or the host's. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error('The route declares no access');
  return request.caller;
}

/** Who asks, on a route that is a partner's. */
export function partnerCaller(request: FastifyRequest): Caller & { readonly partnerId: string } {
  const caller = callerOf(request);
  if (caller.partnerId === null) throw new Error('The route declares no partner');
  return { ...caller, partnerId: caller.partnerId };
}

/** Refuses a key that is limited to a customer, where the matter is not that customer's. */
export function requireCustomer(caller: Caller, customerId: string | null | undefined): void {
  const limit = caller.principal.customerId;
  if (limit === null || limit === customerId) return;
  throw new TalktimeError(
    'CUSTOMER_KEY_LIMITED',
    `This key is limited to the customer "${limit}". Use a key of the partner for anything else.`,
  );
}

/** Refuses every key that is limited to a customer. */
export function requireWholePartner(caller: Caller): void {
  requireCustomer(caller, null);
}
