import { grant, operation, voidGrant as voidGrantBody } from '@talktime/core/contract';
import { listGrants, voidGrant, walletOf } from '@talktime/core/ledger';
import { z } from 'zod';
import { partnerCaller, requireCustomer, requireWholePartner } from '../access';
import { answer } from './amounts';
import type { Routes } from './index';
import { oneWallet, pageOf, pageQuery, walletShape } from './queries';

const query = pageQuery
  .extend(walletShape)
  .refine(oneWallet[0], { message: oneWallet[1].message, path: [...oneWallet[1].path] });

export const grantRoutes: Routes = async (app, { talktime }) => {
  app.get(
    '/v1/grants',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
      },
      schema: {
        tags: ['Credits'],
        operationId: 'listGrants',
        summary: "A wallet's grants, newest first, with what is left of each",
        description: 'Each lot of credits burns by priority, then soonest expiry, then age.',
        querystring: query,
        response: { 200: pageOf(grant) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      const { limit, cursor, ...wallet } = request.query;
      requireCustomer(caller, wallet.customer_id);
      return listGrants(talktime.database, caller.partnerId, walletOf(wallet), { limit, cursor });
    },
  );

  app.post(
    '/v1/grants/:grant_id/void',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [
          'GRANT_NOT_FOUND',
          'GRANT_USED',
          'INSUFFICIENT_CREDITS',
          'CUSTOMER_KEY_LIMITED',
          'IDEMPOTENCY_CONFLICT',
        ],
        example: { note: 'Given to the wrong customer', idempotency_key: 'void-g4-17' },
      },
      schema: {
        tags: ['Credits'],
        operationId: 'voidGrant',
        summary: 'Take back what is left of one grant',
        description: 'Refused while calls under way hold its credits.',
        params: z.object({ grant_id: z.string().max(40).meta({ example: 'g4-17' }) }),
        body: voidGrantBody,
        response: { 200: operation, 201: operation },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const { grant_id: id } = request.params;
      return answer(reply, await voidGrant(talktime.ledger, caller.partnerId, caller.actor, id, request.body));
    },
  );
};
