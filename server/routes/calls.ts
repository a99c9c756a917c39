import { authorizeCall, decidePassedOn, deduct, extendCall, GateMemory, releaseCall } from '@talktime/core/calls';
import {
  authorization,
  callAuthorize,
  callEnd,
  callExtend,
  callRelease,
  deductionResult,
  gateResult,
  webhookGate,
} from '@talktime/core/contract';
import { partnerCaller, requireCustomer, requireWholePartner } from '../access';
import { CALL_PROBLEMS, WEBHOOK_BODY_LIMIT, counted, limitedToCustomer, statusOf } from './deductions';
import type { Routes } from './index';

const call = { provider: 'retell', call_id: 'call_a4441234567890777c4a4a123e6' };

/** The gate before a call: may it begin, and how long may it last. */
export const callRoutes: Routes = async (app, { talktime, metrics }) => {
  const memory = new GateMemory();
  app.post(
    '/v1/calls/authorize',
    {
      config: {
        access: { scope: 'deduct', tenancy: 'partner' },
        problems: [
          'ACCOUNT_REQUIRED',
          'INSUFFICIENT_CREDITS',
          'CONCURRENT_CALLS_LIMIT',
          'SPEND_LIMIT',
          'DISPUTE_OPEN',
          'CUSTOMER_KEY_LIMITED',
          'CUSTOMER_NOT_FOUND',
          'CALL_UNMATCHED',
          'CALL_CUSTOMER_MISMATCH',
          'CALL_ENDED',
          'HOLD_ENDED',
          'RATE_REQUIRED',
        ],
        example: { ...call, agent_id: 'agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD' },
      },
      schema: {
        tags: ['Calls'],
        operationId: 'authorizeCall',
        summary: 'Ask whether a call may begin, and hold what it may cost',
        description:
          'Answers a cap: the most seconds that the balance covers, up to the longest call of the customer. Its price is held until the call ends, or is released. Asked again for the same call, it answers the same hold.',
        body: callAuthorize,
        response: { 200: authorization, 201: authorization },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      const body = {
        ...request.body,
        customer_id: request.body.customer_id ?? caller.principal.customerId ?? undefined,
      };
      if (caller.principal.customerId !== null) requireCustomer(caller, body.customer_id);
      const answer = await authorizeCall(talktime, caller.partnerId, caller.actor, body);
      return reply.code(answer.replayed ? 200 : 201).send(answer);
    },
  );

  app.post(
    '/v1/calls/gate',
    {
      bodyLimit: WEBHOOK_BODY_LIMIT,
      config: {
        access: { scope: 'deduct', tenancy: 'partner' },
        problems: [
          'CUSTOMER_KEY_LIMITED',
          'ENDPOINT_NOT_FOUND',
          'PAYLOAD_UNREADABLE',
          'PROVIDER_UNKNOWN',
          'ROUTE_NOT_FOUND',
          'SIGNATURE_MISSING',
          'SIGNATURE_INVALID',
          'BODY_TOO_LARGE',
        ],
        example: {
          provider: 'retell',
          headers: { 'x-retell-signature': 'v=…,d=…' },
          body_base64: 'eyJldmVudCI6ImNhbGxfaW5ib3VuZCJ9',
        },
      },
      schema: {
        tags: ['Calls'],
        operationId: 'askGate',
        summary: "Pass on a provider's question before a call",
        description:
          'The same as the address /hooks/{provider}/{endpoint}/inbound, for whoever takes the question in themselves: it is verified, decided and, when the call may begin, its price is held. `response` is what the provider wants to hear, allowed or not.',
        body: webhookGate,
        response: { 200: gateResult },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const decision = await decidePassedOn(talktime, memory, caller.partnerId, request.body);
      metrics.gateAnswered(decision.provider, decision.outcome);
      const { answer, capSeconds, reason, code } = decision;
      return {
        allowed: capSeconds !== null,
        cap_seconds: capSeconds,
        reason,
        code,
        response: { status: answer.status, body: answer.body ?? null },
      };
    },
  );

  app.post(
    '/v1/calls/extend',
    {
      config: {
        access: { scope: 'deduct', tenancy: 'partner' },
        problems: ['ACCOUNT_REQUIRED', 'HOLD_NOT_FOUND', 'HOLD_ENDED', 'DISPUTE_OPEN'],
        example: call,
      },
      schema: {
        tags: ['Calls'],
        operationId: 'extendCall',
        summary: "Raise a live call's cap after a top-up",
        description:
          'At the rate and floor of the authorisation, up to the longest call of the customer. A cap is never lowered.',
        body: callExtend,
        response: { 200: authorization },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      return extendCall(talktime, caller.partnerId, caller.actor, request.body, caller.principal.customerId);
    },
  );

  app.post(
    '/v1/calls/end',
    {
      config: {
        access: { scope: 'deduct', tenancy: 'partner' },
        problems: [...CALL_PROBLEMS],
        example: { ...call, seconds: '61' },
      },
      schema: {
        tags: ['Calls'],
        operationId: 'endCall',
        summary: "Deduct an ended call's price, and give back the rest of its hold",
        description:
          'The same as POST /v1/deductions with source "call": a call that was not authorised can be ended, too, and the same call is charged once, whichever way it comes.',
        body: callEnd,
        response: { 200: deductionResult, 201: deductionResult, 202: deductionResult },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      const body = limitedToCustomer(caller, { ...request.body, source: 'call' });
      const result = await counted(metrics, 'call', () => deduct(talktime, caller.partnerId, caller.actor, body));
      return reply.code(statusOf(result)).send(result);
    },
  );

  app.post(
    '/v1/calls/release',
    {
      config: {
        access: { scope: 'deduct', tenancy: 'partner' },
        problems: ['ACCOUNT_REQUIRED', 'HOLD_NOT_FOUND', 'HOLD_ENDED'],
        example: call,
      },
      schema: {
        tags: ['Calls'],
        operationId: 'releaseCall',
        summary: 'Give back the hold of a call that never happened',
        description: 'A call that did happen needs no release: its end captures the hold.',
        body: callRelease,
        response: { 200: authorization },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      return releaseCall(talktime, caller.partnerId, caller.actor, request.body, caller.principal.customerId);
    },
  );
};
