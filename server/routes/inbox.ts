import { listDeliveries, replayDelivery, showDelivery } from '@talktime/core/calls';
import { delivered, deliveredDetail, deliveryState } from '@talktime/core/contract';
import { z } from 'zod';
import { partnerCaller, requireWholePartner } from '../access';
import type { Routes } from './index';
import { pageOf, pageQuery } from './queries';

const params = z.object({ delivery_id: z.uuid() });

/** What providers delivered: to see what became of it, and to work on it again after a fix. */
export const inboxRoutes: Routes = async (app, { talktime }) => {
  app.get(
    '/v1/inbox',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Calls'],
        operationId: 'listInbox',
        summary: 'What providers delivered, and what became of it',
        description:
          'Newest first. Deliveries that are settled are kept for 30 days, ignored ones for 3, and those that wait for somebody (unreadable, refused) for 90.',
        querystring: pageQuery.extend({
          state: deliveryState.optional(),
          provider_call_id: z.string().min(1).max(200).optional().meta({ description: 'Those about one call' }),
        }),
        response: { 200: pageOf(delivered) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const { provider_call_id: callId, ...page } = request.query;
      return listDeliveries(talktime.database, caller.partnerId, { ...page, callId });
    },
  );

  app.get(
    '/v1/inbox/:delivery_id',
    {
      // Phone numbers and what a builder put beside them: more than reading balances needs.
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'DELIVERY_NOT_FOUND'],
      },
      schema: {
        tags: ['Calls'],
        operationId: 'readDelivery',
        summary: 'A delivery with its body',
        params,
        response: { 200: deliveredDetail },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return showDelivery(talktime.database, caller.partnerId, request.params.delivery_id);
    },
  );

  app.post(
    '/v1/inbox/:delivery_id/replay',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'DELIVERY_NOT_FOUND', 'ENDPOINT_NOT_FOUND'],
      },
      schema: {
        tags: ['Calls'],
        operationId: 'replayDelivery',
        summary: 'Work on a delivery again',
        description:
          'After a fix of what kept it from being booked. A call that is charged already is not charged again.',
        params,
        response: { 200: delivered },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return replayDelivery(talktime, caller.partnerId, request.params.delivery_id);
    },
  );
};
