import { deduct, deductBatch } from '@talktime/core/calls';
import {
  batchedDeduction,
  deduction,
  deductionBatch,
  deductionBatchResult,
  deductionResult,
  TalktimeError,
  type DeductionBatchResult,
  type DeductionResult,
} from '@talktime/core/contract';
import type { z } from 'zod';
import { partnerCaller, requireCustomer, type Caller } from '../access';
import type { Metrics } from '../metrics';
import { problemOf, refusedBySchema } from '../problems';
import type { Routes } from './index';

type Deduction = z.output<typeof deduction>;

/** A webhook of 10 MB, in base64, in JSON. */
export const WEBHOOK_BODY_LIMIT = 15 * 1024 * 1024;
/** 1,000 items with the longest ids and notes. */
const BATCH_BODY_LIMIT = 2 * 1024 * 1024;

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
      bodyLimit: WEBHOOK_BODY_LIMIT,
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

  app.post(
    '/v1/deductions/batch',
    {
      bodyLimit: BATCH_BODY_LIMIT,
      config: {
        access: { scope: 'deduct', tenancy: 'partner' },
        problems: ['BODY_TOO_LARGE'],
        example: {
          items: [
            { source: 'call', provider: 'retell', call_id: 'call_a444', seconds: '61', customer_id: 'cus_acme' },
            { source: 'amount', customer_id: 'cus_acme', amount: '5', idempotency_key: 'setup-2026-7' },
          ],
        },
      },
      schema: {
        tags: ['Credits'],
        operationId: 'deductBatch',
        summary: 'Up to 1,000 deductions in one request',
        description:
          'Calls by plain fields and amounts, each on its own: an item that is refused carries its problem, and the others are deducted all the same. One answer for each item, in their order. The whole batch can be sent again: what was deducted answers `replayed`, nothing is charged twice.',
        body: deductionBatch,
        response: { 200: deductionBatchResult },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      const read = request.body.items.map((item) => readItem(caller, item));
      const answers = await deductBatch(
        talktime,
        caller.partnerId,
        caller.actor,
        read.filter((item): item is BatchItem => !(item instanceof TalktimeError)),
      );
      let next = 0;
      const results = read.map((item) => itemResult(item instanceof TalktimeError ? item : answers[next++]!));
      read.forEach((item, index) => {
        if (!(item instanceof TalktimeError)) countAnswer(metrics, item.source, results[index]!);
      });
      return { results };
    },
  );
};

type BatchItem = z.output<typeof batchedDeduction>;
type ItemResult = DeductionBatchResult['results'][number];

/** An item as the ledger takes it, or why it does not. */
function readItem(caller: Caller, item: unknown): BatchItem | TalktimeError {
  const parsed = batchedDeduction.safeParse(item);
  if (!parsed.success) return refusedBySchema(parsed.error.issues);
  try {
    return limitedToCustomer(caller, parsed.data);
  } catch (error) {
    if (error instanceof TalktimeError) return error;
    throw error;
  }
}

function itemResult(answer: DeductionResult | TalktimeError): ItemResult {
  return answer instanceof TalktimeError ? { outcome: 'refused', problem: problemOf(answer) } : answer;
}

/** What a key that is limited to a customer may deduct: that customer's amounts and calls. */
export function limitedToCustomer<Body extends Deduction>(caller: Caller, body: Body): Body {
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
    countAnswer(metrics, source, result);
    return result;
  } catch (error) {
    metrics.deductionAnswered(source, 'refused');
    throw error;
  }
}

function countAnswer(metrics: Metrics, source: Parameters<Metrics['deductionAnswered']>[0], result: ItemResult): void {
  metrics.deductionAnswered(source, result.outcome !== 'refused' && result.replayed ? 'replayed' : result.outcome);
}
