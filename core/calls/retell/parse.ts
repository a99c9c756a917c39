import { z } from 'zod';
import { parseScaledDecimal } from '../../money';
import { normalizePhoneNumber, SOURCE_RANK, type CallFacts, type CallOutcome } from '../facts';
import type { Parsed } from '../provider';

/** What is billed, in Retell's order: call_analyzed comes last and repeats the whole call. */
const EVENT_ORDER: Record<string, number> = { call_ended: 1, call_analyzed: 2 };

const number = z.number().finite().nonnegative();
const text = z.string().max(500);
const envelope = z.object({ event: z.string(), call: z.object({ call_id: z.string().min(1).max(200) }) });

/** The fields of the call that are read. Each may be missing: retell-sdk marks all but call_id, agent_id and status optional. */
const call = z.object({
  call_id: z.string().min(1).max(200),
  agent_id: text.nullish(),
  call_status: z.string().nullish(),
  disconnection_reason: z.string().nullish(),
  direction: z.enum(['inbound', 'outbound']).nullish().catch(null),
  from_number: text.nullish(),
  to_number: text.nullish(),
  start_timestamp: number.nullish(),
  end_timestamp: number.nullish(),
  duration_ms: number.nullish(),
  metadata: z.unknown().optional(), // zod 4 asks for the key of a bare z.unknown()
  call_cost: z.object({ combined_cost: number.nullish() }).nullish().catch(null),
});
type RetellCall = z.output<typeof call>;

/** Reads a verified Retell webhook. */
export function parse(body: unknown): Parsed {
  const opened = envelope.safeParse(body);
  if (!opened.success)
    return { kind: 'unreadable', message: 'This is no Retell webhook: it has no event with a call id.' };
  const { event } = opened.data;
  const order = EVENT_ORDER[event];
  if (order === undefined)
    return {
      kind: 'ignored',
      message: `Retell's ${event.slice(0, 60)} is not billed; call_ended and call_analyzed are.`,
    };

  const read = call.safeParse((body as { call: unknown }).call);
  if (!read.success) {
    const fields = read.error.issues.map((issue) => issue.path.join('.')).join(', ');
    return { kind: 'unreadable', message: `Retell's ${event} has an unexpected form in: ${fields}.` };
  }
  const facts = factsOf(read.data, order);
  if (!facts)
    return {
      kind: 'unreadable',
      message: `Retell's ${event} says neither duration_ms nor start and end of a connected call.`,
    };
  return {
    kind: 'call',
    callId: read.data.call_id,
    leg: '',
    facts,
    startedAt: read.data.start_timestamp ?? null,
    clues: cluesOf(read.data),
  };
}

function factsOf(data: RetellCall, order: number): CallFacts | null {
  const duration = durationOf(data);
  const outcome = outcomeOf(data, duration);
  if (duration === null && outcome === 'connected') return null;
  const cents = data.call_cost?.combined_cost;
  const cost = cents == null ? null : parseScaledDecimal(String(cents), -2);
  return {
    outcome,
    rawMilliseconds: duration ?? 0,
    cost: cost === null ? null : { amount: cost, currency: 'USD' },
    rank: SOURCE_RANK.signed_webhook,
    order,
  };
}

function durationOf({ duration_ms, start_timestamp, end_timestamp }: RetellCall): number | null {
  if (duration_ms != null) return Math.ceil(duration_ms);
  if (start_timestamp != null && end_timestamp != null && end_timestamp >= start_timestamp)
    return Math.ceil(end_timestamp - start_timestamp);
  return null;
}

/** Retell's own failures. Errors of the agency's own LLM server (error_llm_websocket_*) are not. */
const PROVIDER_FAULTS = new Set([
  'error_retell',
  'error_unknown',
  'error_asr',
  'error_no_audio_received',
  'telephony_provider_unavailable',
]);
/** Reasons that say nobody was ever connected. */
const NEVER_CONNECTED = new Set([
  'dial_busy',
  'dial_failed',
  'dial_no_answer',
  'invalid_destination',
  'telephony_provider_permission_denied',
  'concurrency_limit_reached',
  'no_concurrency_fallback',
  'no_valid_payment',
  'registered_call_timeout',
  'error_user_not_joined',
  'sip_routing_error',
  'user_declined',
  'marked_as_spam',
]);

function outcomeOf(data: RetellCall, duration: number | null): CallOutcome {
  const reason = data.disconnection_reason ?? '';
  if (PROVIDER_FAULTS.has(reason)) return 'provider_fault';
  if (data.call_status === 'not_connected') return 'unconnected';
  if (NEVER_CONNECTED.has(reason) && (duration === null || duration === 0)) return 'unconnected';
  return 'connected';
}

function cluesOf(data: RetellCall) {
  const number = (value: string | null | undefined) => (value ? normalizePhoneNumber(value) : null);
  return {
    agentId: data.agent_id ?? null,
    fromNumber: number(data.from_number),
    toNumber: number(data.to_number),
    direction: data.direction ?? null,
    metadataCustomerId: metadataCustomerId(data.metadata),
  };
}

/** `metadata` is whatever the builder set when creating the call; its customer_id is the one field that we read. */
function metadataCustomerId(metadata: unknown): string | null {
  const read = z.object({ customer_id: z.union([z.string().min(1).max(200), z.number()]) }).safeParse(metadata);
  return read.success ? String(read.data.customer_id).trim() : null;
}
