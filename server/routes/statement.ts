import { statement } from '@talktime/core/contract';
import { getStatement, walletOf } from '@talktime/core/ledger';
import { z } from 'zod';
import { partnerCaller, requireCustomer } from '../access';
import { statementCsv } from '../csv';
import type { Routes } from './index';
import { oneWallet, pageQuery, pastMoment, walletShape } from './queries';

const query = pageQuery
  .extend({
    ...walletShape,
    at: pastMoment,
    format: z.enum(['json', 'csv']).optional().meta({ description: 'Instead of the header Accept' }),
  })
  .refine(oneWallet[0], { message: oneWallet[1].message, path: [...oneWallet[1].path] });

export const statementRoutes: Routes = async (app, { talktime }) => {
  app.get(
    '/v1/statement',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED', 'MOMENT_IN_FUTURE'],
      },
      schema: {
        tags: ['Credits'],
        operationId: 'getStatement',
        summary: "A wallet's history, newest first",
        description:
          'As JSON, or as CSV for a spreadsheet (`Accept: text/csv`, or `?format=csv`), whose next page is in the header `Link`.',
        querystring: query,
        response: {
          200: {
            description: 'A page of the history',
            content: { 'application/json': { schema: statement }, 'text/csv': { schema: z.string() } },
          },
        },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      const { limit, cursor, format, at, ...wallet } = request.query;
      requireCustomer(caller, wallet.customer_id);
      const page = await getStatement(talktime.database, caller.partnerId, walletOf(wallet), { limit, cursor, at });
      const csv = format === undefined ? wantsCsv(request.headers.accept) : format === 'csv';
      void reply.header('vary', 'Accept');
      if (!csv) return reply.type('application/json').send(page);
      if (page.next_cursor !== null) {
        const next = new URLSearchParams({ ...wallet, format: 'csv', limit: String(limit), cursor: page.next_cursor });
        if (at) next.set('at', at.toISOString());
        void reply.header('link', `</v1/statement?${next.toString()}>; rel="next"`);
      }
      void reply.header(
        'content-disposition',
        `attachment; filename="statement-${wallet.customer_id ?? 'partner'}.csv"`,
      );
      return reply.type('text/csv; charset=utf-8').send(statementCsv(page.lines));
    },
  );
};

/** Whether CSV is named before JSON and everything else. */
function wantsCsv(accept = ''): boolean {
  const [first = ''] = accept.split(',');
  return first.split(';')[0]!.trim().toLowerCase() === 'text/csv';
}
