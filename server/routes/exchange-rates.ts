import { exchangeRate, exchangeRateChange } from '@talktime/core/contract';
import { listExchangeRates, setExchangeRate } from '@talktime/core/customers';
import { z } from 'zod';
import { partnerCaller, requireWholePartner } from '../access';
import type { Routes } from './index';
import { listOf } from './queries';

export const exchangeRateRoutes: Routes = async (app, { talktime }) => {
  app.get(
    '/v1/exchange-rates',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Partner'],
        operationId: 'listExchangeRates',
        summary: "What other currencies are worth in the partner's",
        response: { 200: listOf(exchangeRate) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return { items: await listExchangeRates(talktime.database, caller.partnerId) };
    },
  );

  app.put(
    '/v1/exchange-rates/:currency',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'NUMBER_INVALID', 'NUMBER_PRECISION', 'NUMBER_RANGE'],
        example: { rate: '1.08' },
      },
      schema: {
        tags: ['Partner'],
        operationId: 'setExchangeRate',
        summary: "Set what one unit of another currency is worth in the partner's, from now on",
        description:
          'For costs that a provider reports in that currency. A cost in a currency without a rate is unknown: it is never taken one to one.',
        params: z.object({ currency: z.string().regex(/^[A-Z]{3}$/) }),
        body: exchangeRateChange,
        response: { 200: exchangeRate },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const { currency } = request.params;
      return setExchangeRate(talktime.database, caller.partnerId, caller.actor, currency, request.body.rate);
    },
  );
};
