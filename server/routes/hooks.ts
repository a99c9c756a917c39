import { receiveWebhook } from '@talktime/core/calls';
import { TalktimeError } from '@talktime/core/contract';
import { z } from 'zod';
import type { Routes } from './index';
import { counted } from './deductions';
import { nothing } from './queries';

/** Providers send transcripts along; more than this is none of theirs. */
const BODY_LIMIT = 10 * 1024 * 1024;

export const hookRoutes: Routes = async (app, { talktime, metrics, limits }) => {
  // A signature is over the bytes as they came, so nothing here may parse them.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, done) =>
    done(null, body),
  );

  app.post(
    '/hooks/retell/:endpoint',
    {
      bodyLimit: BODY_LIMIT,
      config: {
        problems: [
          'PAYLOAD_UNREADABLE',
          'SIGNATURE_MISSING',
          'SIGNATURE_INVALID',
          'SIGNATURE_EXPIRED',
          'ENDPOINT_NOT_FOUND',
          'BODY_TOO_LARGE',
          'RATE_LIMITED',
          'INTERNAL',
          'OVERLOADED',
        ],
        rawBody: "The provider's webhook as it is sent, signed",
      },
      schema: {
        tags: ['Ingress'],
        operationId: 'receiveRetellWebhook',
        summary: "Retell's webhooks",
        description:
          'Signed with the API key that has the webhook badge (`x-retell-signature`). Answers 204 as soon as the call is in the ledger, in suspense, or known not to matter; Retell tries again on anything else.',
        params: z.object({ endpoint: z.string().min(1).max(100) }),
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      try {
        await counted(metrics, 'ingress', () =>
          receiveWebhook(talktime, 'retell', request.params.endpoint, request.headers, body),
        );
      } catch (error) {
        if (error instanceof TalktimeError && (error.status === 401 || error.code === 'ENDPOINT_NOT_FOUND'))
          await limits.refusal(request, reply);
        throw error;
      }
      return reply.code(204).send();
    },
  );
};
