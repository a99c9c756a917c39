import { deduct } from '@talktime/core/calls';
import { deduction, deductionResult, TalktimeError, type DeductionResult } from '@talktime/core/contract';
import type { z } from 'zod';
import { partnerCaller, requireCustomer, type Caller } from '../access';
import type { Metrics } from '../metrics';
import type { Routes } from './index';

type Deduction = z.output<typeof deduction>;

/** A webhook of 10 MB, in base64, in JSON. */
const BODY_LIMIT = 15 * 1024 * 1024;

/** What an ended call by plain fields may be refused for. */
export const CALL_PROBLEMS = [
  'NUMBER_INVALID',
  'NUMBER_PRECISION',
  'NUMBER_RANGE',
  'ACCOUNT_REQUIRED',
  'HOST_KEY_REQUIRED',
  'CUSTOMER_KEY_LIMITED',
  'CUSTOMER_NOT_FOUND',
  'CALL_CUSTOMER_MISMATCH',
  'CALL_IMPLAUSIBLE',
  'WALLET_LIMIT',
] as const;

export const deductionRoutes: Routes = async (app, { talktime, metrics }) => {
  app.post(
    '/v1/deductions',
    {
      bodyLimit: BODY_LIMIT,
      config: {
        access: { scope: 'deduct', tenancy: 'partner' },
        problems: [
          ...CALL_PROBLEMS,
          'AMOUNT_NOT_POSITIVE',
          'PROVIDER_UNKNOWN',
          'PAYLOAD_UNREADABLE',
          'SIGNATURE_MISSING',
          'SIGNATURE_INVALID',
          'INSUFFICIENT_CREDITS',
          'ENDPOINT_NOT_FOUND',
          'IDEMPOTENCY_CONFLICT',
          'BODY_TOO_LARGE',
        ],
        example: {
          source: 'call',
          provider: 'retell',
          call_id: 'call_a4441234567890777c4a4a123e6',
          seconds: '61',
          agent_id: 'agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD',
        },
      },
      schema: {
        tags: ['Credits'],
        operationId: 'deduct',
        summary: "Deduct a call's price, or an amount",
        description:
          "By plain fields of a call, by a provider's webhook as it came, or by an amount. A call that has ended is never refused: one that matches no customer waits in suspense (202). " +
          'A call is charged once, whichever way it comes.',
        body: deduction,
        response: { 200: deductionResult, 201: deductionResult, 202: deductionResult },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      const { source } = request.body;
      const result = await counted(metrics, source, () =>
        deduct(talktime, caller.partnerId, caller.actor, limitedToCustomer(caller, request.body)),
      );
      return reply.code(statusOf(result)).send(result);
    },
  );
};

/** What a key that is limited to a customer may deduct: that customer's amounts and calls. */
export function limitedToCustomer(caller: Caller, body: Deduction): Deduction {
  const limit = caller.principal.customerId;
  if (limit === null) return body;
  if (body.source === 'provider_webhook') {
    throw new TalktimeError(
      'CUSTOMER_KEY_LIMITED',
      "Whose call a webhook is about is found by the mappings, so a key that is limited to a customer cannot send one. Send the call's fields, or use a key of the partner.",
    );
  }
  if (body.source === 'call' && body.customer_id === undefined) return { ...body, customer_id: limit };
  requireCustomer(caller, body.customer_id);
  return body;
}

/** 201 for what was done now, 202 for what waits, 200 for a replay and for what is not charged. */
export function statusOf(result: DeductionResult): 200 | 201 | 202 {
  if (result.outcome === 'suspense') return 202;
  return result.outcome === 'deducted' && !result.replayed ? 201 : 200;
}

/** Counts what becomes of a deduction. */
export async function counted(
  metrics: Metrics,
  source: Parameters<Metrics['deductionAnswered']>[0],
  work: () => Promise<DeductionResult>,
): Promise<DeductionResult> {
  try {
    const result = await work();
    metrics.deductionAnswered(source, result.replayed ? 'replayed' : result.outcome);
    return result;
  } catch (error) {
    metrics.deductionAnswered(source, 'refused');
    throw error;
  }
}
