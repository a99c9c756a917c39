import { whoAmI, type Scope } from '@talktime/core/contract';
import { getPartner } from '@talktime/core/customers';
import { callerOf } from '../access';
import type { Routes } from './index';

export const meRoutes: Routes = async (app, { talktime }) => {
  app.get(
    '/v1/me',
    {
      config: { access: { scope: 'any', tenancy: 'either' } },
      schema: {
        tags: ['Partner'],
        operationId: 'whoAmI',
        summary: 'Which key this is, and whose',
        response: { 200: whoAmI },
      },
    },
    async (request) => {
      const { principal, partnerId } = callerOf(request);
      const partner = partnerId === null ? null : await getPartner(talktime.database, partnerId);
      return {
        partner: partner && { id: partner.id, name: partner.name, currency: partner.currency },
        key: {
          id: principal.keyId,
          name: principal.name,
          scopes: [...principal.scopes] as Scope[],
          customer_id: principal.customerId,
        },
      };
    },
  );
};
