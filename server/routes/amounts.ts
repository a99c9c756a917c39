import { adjustment, operation, reversal, topUp as topUpBody, type Operation } from '@talktime/core/contract';
import { adjust, reverse, topUp } from '@talktime/core/ledger';
import type { FastifyReply } from 'fastify';
import { partnerCaller, requireCustomer, requireWholePartner } from '../access';
import type { Routes } from './index';

const PROBLEMS = [
  'HOST_KEY_REQUIRED',
  'CUSTOMER_KEY_LIMITED',
  'IDEMPOTENCY_CONFLICT',
  'NUMBER_INVALID',
  'NUMBER_PRECISION',
  'NUMBER_RANGE',
  'WALLET_LIMIT',
] as const;

export const amountRoutes: Routes = async (app, { talktime }) => {
  app.post(
    '/v1/top-ups',
    {
      config: {
        access: { scope: 'top-up', tenancy: 'partner' },
        problems: [...PROBLEMS, 'AMOUNT_NOT_POSITIVE', 'CUSTOMER_NOT_FOUND', 'GRANT_EXPIRED'],
        example: {
          customer_id: 'cus_acme',
          amount: '500',
          kind: 'paid',
          note: 'Invoice 2026-118',
          idempotency_key: 'invoice-2026-118',
        },
      },
      schema: {
        tags: ['Credits'],
        operationId: 'topUp',
        summary: 'Add credits that were paid for, or given as a bonus',
        description: "The partner's own wallet is topped up by the host alone.",
        body: topUpBody,
        response: { 200: operation, 201: operation },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.body.customer_id);
      return answer(reply, await topUp(talktime.ledger, caller.partnerId, caller.actor, request.body));
    },
  );

  app.post(
    '/v1/adjustments',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [...PROBLEMS, 'AMOUNT_NOT_POSITIVE', 'CUSTOMER_NOT_FOUND', 'INSUFFICIENT_CREDITS'],
        example: {
          customer_id: 'cus_acme',
          amount: '-5',
          note: 'Test calls of last week',
          idempotency_key: 'adjust-2026-11-22-acme',
        },
      },
      schema: {
        tags: ['Credits'],
        operationId: 'adjust',
        summary: 'Add or take away credits by hand, with a note that says why',
        body: adjustment,
        response: { 200: operation, 201: operation },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.body.customer_id);
      return answer(reply, await adjust(talktime.ledger, caller.partnerId, caller.actor, request.body));
    },
  );

  app.post(
    '/v1/reversals',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [
          ...PROBLEMS,
          'OPERATION_NOT_FOUND',
          'NOT_REVERSIBLE',
          'REVERSAL_TOO_LARGE',
          'INSUFFICIENT_CREDITS',
          'AMOUNT_NOT_POSITIVE',
        ],
        example: {
          operation_id: '018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69',
          note: 'Charged for a test call',
          idempotency_key: 'reverse-test-call-1',
        },
      },
      schema: {
        tags: ['Credits'],
        operationId: 'reverse',
        summary: 'Take back an operation, whole or in part',
        description: 'Never more than it in total. A call that was reversed, even partly, takes no further revisions.',
        body: reversal,
        response: { 200: operation, 201: operation },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return answer(reply, await reverse(talktime.ledger, caller.partnerId, caller.actor, request.body));
    },
  );
};

/** 201 for what was done now, 200 for what had been done before. */
export function answer(reply: FastifyReply, done: Operation): FastifyReply {
  return reply.code(done.replayed ? 200 : 201).send(done);
}
