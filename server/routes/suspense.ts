import { assignCall, dismissCall, listSuspense, reassignCall } from '@talktime/core/calls';
import { assignment, deductionResult, dismissal, suspendedCall, suspenseAssignment } from '@talktime/core/contract';
import { z } from 'zod';
import { partnerCaller, requireWholePartner } from '../access';
import type { Routes } from './index';
import { nothing, pageOf, pageQuery } from './queries';

const params = z.object({ call_id: z.uuid().meta({ description: "The call's id in Talktime, not the provider's" }) });

export const suspenseRoutes: Routes = async (app, { talktime }) => {
  app.get(
    '/v1/suspense',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Calls'],
        operationId: 'listSuspense',
        summary: 'Calls that wait for somebody to say whose they are',
        querystring: pageQuery,
        response: { 200: pageOf(suspendedCall) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return listSuspense(talktime.database, caller.partnerId, request.query);
    },
  );

  app.post(
    '/v1/suspense/:call_id/assign',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [
          'CALL_NOT_FOUND',
          'CALL_NOT_IN_SUSPENSE',
          'CALL_LINKED',
          'CUSTOMER_NOT_FOUND',
          'MAPPING_TAKEN',
          'CUSTOMER_KEY_LIMITED',
          'RATE_REQUIRED',
          'WALLET_LIMIT',
        ],
        example: { customer_id: 'cus_acme', map: 'agent' },
      },
      schema: {
        tags: ['Calls'],
        operationId: 'assignCall',
        summary: 'Charge a waiting call to a customer',
        description:
          'At the rate of its date. With `map`, calls with the same agent, number or metadata need nobody from now on.',
        params,
        body: suspenseAssignment,
        response: { 200: deductionResult },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const { customer_id, map } = request.body;
      return assignCall(talktime, caller.partnerId, caller.actor, request.params.call_id, customer_id, map);
    },
  );

  app.post(
    '/v1/suspense/:call_id/dismiss',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CALL_NOT_FOUND', 'CALL_NOT_IN_SUSPENSE', 'CUSTOMER_KEY_LIMITED'],
        example: { reason: 'A test call of ours' },
      },
      schema: {
        tags: ['Calls'],
        operationId: 'dismissCall',
        summary: 'Close a waiting call without charging it',
        params,
        body: dismissal,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      await dismissCall(talktime, caller.partnerId, caller.actor, request.params.call_id, request.body.reason);
      return reply.code(204).send();
    },
  );

  app.post(
    '/v1/calls/:call_id/reassign',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [
          'CALL_NOT_FOUND',
          'CALL_NOT_CHARGED',
          'CALL_CLOSED',
          'CUSTOMER_NOT_FOUND',
          'CUSTOMER_KEY_LIMITED',
          'HOST_KEY_REQUIRED',
          'RATE_REQUIRED',
          'WALLET_LIMIT',
        ],
        example: { customer_id: 'cus_acme' },
      },
      schema: {
        tags: ['Calls'],
        operationId: 'reassignCall',
        summary: 'Move a charged call to the right customer',
        description: 'Given back to the one and charged to the other, in one operation.',
        params,
        body: assignment,
        response: { 200: deductionResult },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return reassignCall(talktime, caller.partnerId, caller.actor, request.params.call_id, request.body.customer_id);
    },
  );
};
