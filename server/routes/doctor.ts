import { customerId, diagnosis } from '@talktime/core/contract';
import { diagnoseCustomer, diagnosePartner } from '@talktime/core/doctor';
import { z } from 'zod';
import { partnerCaller, requireWholePartner } from '../access';
import type { Routes } from './index';

const query = z.object({
  customer_id: customerId.optional().meta({ description: "Whose set-up is looked at; the partner's own unless said" }),
});

/** Names costs and margins, so it is not for keys of a customer (money-rules 21). */
export const doctorRoutes: Routes = async (app, { talktime, payments }) => {
  app.get(
    '/v1/doctor',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
      },
      schema: {
        tags: ['Customers'],
        operationId: 'getDiagnosis',
        summary: "What is wrong with a customer's set-up, or with the partner's own",
        description:
          'Looks at every likely cause of calls that fail, alerts that do not come and balances that nobody sees, and says what mends it. Codes are stable.',
        querystring: query,
        response: { 200: diagnosis },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const { customer_id } = request.query;
      const { diagnosis: found } =
        customer_id === undefined
          ? await diagnosePartner(talktime.database, caller.partnerId, payments !== null)
          : await diagnoseCustomer(talktime.database, caller.partnerId, customer_id);
      return found;
    },
  );
};
