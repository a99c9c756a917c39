import { marginReport, reportQuery, usageReport } from '@talktime/core/contract';
import { marginReport as readMargin, usageReport as readUsage } from '@talktime/core/records';
import { partnerCaller, requireWholePartner } from '../access';
import type { Routes } from './index';

/** What calls came to. Costs and margins are the partner's business: no key of a customer sees them (money-rules 21). */
export const reportRoutes: Routes = async (app, { talktime }) => {
  app.get(
    '/v1/reports/usage',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Reports'],
        operationId: 'reportUsage',
        summary: 'Minutes and prices, by customer, agent, provider and day',
        querystring: reportQuery,
        response: { 200: usageReport },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return readUsage(talktime.database, caller.partnerId, request.query);
    },
  );

  app.get(
    '/v1/reports/margin',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Reports'],
        operationId: 'reportMargin',
        summary: 'Price, cost, markup and margin, by customer, agent, provider and day',
        description:
          'Markup is price / cost - 1, margin is 1 - cost / price: 0.08 sold for 0.12 is a markup of 50 % and a margin of 33.3 %. Calls whose cost nobody told are counted apart.',
        querystring: reportQuery,
        response: { 200: marginReport },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return readMargin(talktime.database, caller.partnerId, request.query);
    },
  );
};
