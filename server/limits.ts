import { TalktimeError } from '@talktime/core/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

export interface LimitOptions {
  /** Requests a minute that a key may make. 3,000 unless said. */
  readonly requestsPerMinute?: number;
  /** Requests a minute without a valid key or signature that one address may make. 120 unless said. */
  readonly refusalsPerMinute?: number;
}

export interface Limits {
  /** Counts a request of a key. */
  request(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /**
   * Counts a request without a valid key or signature. Those with one are never held up by it: whoever shares an address
   * with a guesser, or knows a webhook's address, must not be able to stop the others.
   */
  refusal(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

/** Each replica counts for itself. Needs @fastify/rate-limit on `app`. */
export function createLimits(app: FastifyInstance, options: LimitOptions): Limits {
  const timeWindow = '1 minute';
  const ofKeys = app.createRateLimit({
    max: options.requestsPerMinute ?? 3000,
    timeWindow,
    keyGenerator: (request) => request.caller?.principal.keyId ?? request.ip,
  });
  const ofAddresses = app.createRateLimit({
    max: options.refusalsPerMinute ?? 120,
    timeWindow,
    keyGenerator: (request) => request.ip,
  });
  const count = async (limiter: typeof ofKeys, request: FastifyRequest, reply: FastifyReply) => {
    const limit = await limiter(request);
    if (limit.isAllowed || !limit.isExceeded) return;
    reply.header('retry-after', String(Math.max(1, limit.ttlInSeconds)));
    throw new TalktimeError(
      'RATE_LIMITED',
      `More than ${limit.max} a minute. Try again in ${Math.max(1, limit.ttlInSeconds)} s; the header retry-after says so too.`,
    );
  };
  return {
    request: (request, reply) => count(ofKeys, request, reply),
    refusal: (request, reply) => count(ofAddresses, request, reply),
  };
}
