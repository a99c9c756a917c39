import { TalktimeError } from '@talktime/core/contract';
import { z } from 'zod';
import type { Routes } from './index';

const fine = z.object({ status: z.literal('ok') });

export const healthRoutes: Routes = async (app, { talktime, metrics }) => {
  app.get(
    '/healthz',
    { schema: { tags: ['Service'], operationId: 'isAlive', summary: 'The process answers', response: { 200: fine } } },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      config: { problems: ['OVERLOADED'] },
      schema: {
        tags: ['Service'],
        operationId: 'isReady',
        summary: 'The database answers too',
        response: { 200: fine },
      },
    },
    async (request) => {
      try {
        await talktime.database.ping();
      } catch (error) {
        metrics.databaseAnswered(false);
        request.log.warn({ err: error }, 'not ready');
        throw new TalktimeError('OVERLOADED', 'The database does not answer.');
      }
      metrics.databaseAnswered(true);
      return { status: 'ok' as const };
    },
  );

  app.get('/metrics', { schema: { hide: true } as object }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.render()),
  );
};
