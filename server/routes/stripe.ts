import { readEvent, recordEvent, workOnEvent, type Ingress } from '@talktime/core/payments';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TalktimeError } from '@talktime/core/contract';
import { z } from 'zod';
import type { Routes } from './index';
import { requirePayments } from './payments';

/** Stripe's events are a few kilobytes. */
const BODY_LIMIT = 1024 * 1024;

export const stripeRoutes: Routes = async (app, { payments, limits }) => {
  // A signature is over the bytes as they came.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) => body);
  const underWay = new Set<Promise<unknown>>();
  app.addHook('onClose', async () => void (await Promise.allSettled(underWay)));

  for (const [ingress, url, summary] of [
    ['host', '/stripe/webhook', "Stripe's webhooks of the host's own account"],
    ['connect', '/stripe/connect/webhook', "Stripe's webhooks of partners' connected accounts"],
  ] as const)
    app.post(
      url,
      {
        bodyLimit: BODY_LIMIT,
        config: {
          problems: [
            'SIGNATURE_MISSING',
            'SIGNATURE_INVALID',
            'SIGNATURE_EXPIRED',
            'PAYMENTS_OFF',
            'BODY_TOO_LARGE',
            'RATE_LIMITED',
          ],
          rawBody: "Stripe's webhook as it is sent, signed",
        },
        schema: {
          tags: ['Ingress'],
          operationId: ingress === 'host' ? 'receiveStripeEvent' : 'receiveConnectEvent',
          summary,
          description:
            'Signed by Stripe. Answered as soon as the event is recorded; then what it is about is looked at.',
          response: { 200: z.object({ received: z.literal(true) }) },
        },
      },
      (request, reply) => receive(ingress, request, reply),
    );

  /** Keeps the event, answers, then works on it: what fails, or is cut off, a job takes up. */
  async function receive(ingress: Ingress, request: FastifyRequest, reply: FastifyReply) {
    const context = requirePayments(payments);
    const event = await signed(request, reply, () =>
      readEvent(
        context.stripe,
        ingress,
        Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        headerOf(request),
      ),
    );
    const isNew = await recordEvent(context.database, event);
    if (isNew) {
      const work = workOnEvent(context, event).catch((error: unknown) =>
        request.log.warn(
          { err: error, event: event.eventId, type: event.type },
          'an event of Stripe waits for another try',
        ),
      );
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    }
    return reply.send({ received: true });
  }

  /** Counts those who guess. */
  async function signed<T>(request: FastifyRequest, reply: FastifyReply, work: () => T): Promise<T> {
    try {
      return work();
    } catch (error) {
      if (error instanceof TalktimeError && error.status === 401) await limits.refusal(request, reply);
      throw error;
    }
  }
};

function headerOf({ headers }: FastifyRequest): string | undefined {
  const signature = headers['stripe-signature'];
  return Array.isArray(signature) ? signature[0] : signature;
}
