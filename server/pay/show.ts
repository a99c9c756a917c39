import type { FastifyInstance, FastifyReply } from 'fastify';
import { PAY_PAGE_HEADERS } from './page';

/** Answers with a page. */
export function show(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).headers(PAY_PAGE_HEADERS).type('text/html; charset=utf-8').send(page);
}

/** Pages are not part of the API's document. */
export const hidden = { schema: { hide: true } } as const;

/** Lets a page's forms be sent, and nothing else. */
export function takeForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 4096 },
    async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
  );
}
