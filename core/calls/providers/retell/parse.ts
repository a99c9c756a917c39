import { z } from 'zod';
import { SOURCE_RANK, type CallFacts, type CallOutcome } from '../../facts';
import type { Parsed } from '../adapter';
import {
  amount as number,
  costOf,
  customerIdIn,
  identifier,
  ignored,
  malformed,
  phoneNumber,
  shown,
  text,
  unreadable,
} from '../fields';

/** What is billed, in Retell's order: call_analyzed comes last and repeats the whole call. */
const EVENT_ORDER: Record<string, number> = { call_ended: 1, call_analyzed: 2 };

const envelope = z.object({ event: z.string(), call: z.object({ call_id: identifier }) });

/** The fields of the call that are read. Each may be missing: retell-sdk marks all but call_id, agent_id and status optional. */
const call = z.object({
  call_id: identifier,
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
  telephony_identifier: z.object({ twilio_call_sid: text.nullish() }).nullish().catch(null),
  call_cost: z.object({ combined_cost: number.nullish() }).nullish().catch(null),
});
type RetellCall = z.output<typeof call>;

/** Reads a verified Retell webhook. */
export function parse(body: unknown): Parsed {
  const opened = envelope.safeParse(body);
  if (!opened.success) return unreadable('This is no Retell webhook: it has no event with a call id.');
  const { event } = opened.data;
  const order = EVENT_ORDER[event];
  if (order === undefined) return ignored(`Retell's ${shown(event)} is not billed; call_ended and call_analyzed are.`);

  const read = call.safeParse((body as { call: unknown }).call);
  if (!read.success) return malformed(`Retell's ${event}`, read.error);
  const facts = factsOf(read.data, order);
  if (!facts) return unreadable(`Retell's ${event} says neither duration_ms nor start and end of a connected call.`);
  return {
    kind: 'call',
    callId: read.data.call_id,
    leg: '',
    facts,
    startedAt: read.data.start_timestamp ?? null,
    clues: cluesOf(read.data),
    carrierCallId: read.data.telephony_identifier?.twilio_call_sid ?? null,
    unconfirmed: false,
  };
}

function factsOf(data: RetellCall, order: number): CallFacts | null {
  const duration = durationOf(data);
  const outcome = outcomeOf(data, duration);
  if (duration === null && outcome === 'connected') return null;
  return {
    outcome,
    rawMilliseconds: duration ?? 0,
    cost: costOf(data.call_cost?.combined_cost, 'USD', -2), // cents
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
  return {
    agentId: data.agent_id ?? null,
    fromNumber: phoneNumber(data.from_number),
    toNumber: phoneNumber(data.to_number),
    direction: data.direction ?? null,
    metadataCustomerId: customerIdIn(data.metadata),
  };
}
