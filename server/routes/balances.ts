import { balance, threshold } from '@talktime/core/contract';
import { getBalance, getThreshold } from '@talktime/core/customers';
import { walletOf } from '@talktime/core/ledger';
import { partnerCaller, requireCustomer } from '../access';
import type { Routes } from './index';
import { walletQuery } from './queries';

export const balanceRoutes: Routes = async (app, { talktime }) => {
  app.get(
    '/v1/balance',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
      },
      schema: {
        tags: ['Credits'],
        operationId: 'getBalance',
        summary: 'What a wallet holds',
        querystring: walletQuery,
        response: { 200: balance },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.query.customer_id);
      return getBalance(talktime.database, caller.partnerId, walletOf(request.query));
    },
  );

  app.get(
    '/v1/threshold',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
      },
      schema: {
        tags: ['Credits'],
        operationId: 'getThreshold',
        summary: "The status of whoever pays for a customer's calls",
        description: "With AI credits off that is the partner, and not the customer's empty wallet.",
        querystring: walletQuery,
        response: { 200: threshold },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.query.customer_id);
      return getThreshold(talktime.database, caller.partnerId, walletOf(request.query));
    },
  );
};
