import { z } from 'zod';
import type { EndpointSettings } from '../../../contract';
import { SOURCE_RANK, type CallOutcome } from '../../facts';
import type { Parsed } from '../adapter';
import {
  customerIdIn,
  identifier,
  ignored,
  isoMoment,
  malformed,
  numeric,
  phoneNumber,
  shown,
  text,
  unreadable,
} from '../fields';

/** The longest call that is charged on the word of a signature that does not cover its length. */
const TRUSTED_SECONDS = 30 * 60;

const envelope = z.object({ call: z.object({ call_id: identifier }) });
const webhook = z.object({
  status: z.string().nullish(),
  lead: z.object({ phone_number: text.nullish(), prompt_variables: z.unknown().optional() }).nullish().catch(null),
  call: z.object({
    call_id: identifier,
    status: z.string().nullish(),
    end_call_reason: z.string().nullish(),
    model_id: z.union([text, z.number().transform(String)]).nullish(),
    duration: numeric.nullish(),
    start_time: isoMoment.nullish(),
  }),
});

/** Statuses of a call that never connected; those of one that has not ended are not billed. */
const NEVER_CONNECTED = new Set(['failed', 'no-answer', 'busy', 'canceled', 'hangup_before_answer']);
const NOT_ENDED = new Set(['queue', 'queued', 'in-progress', 'ringing', 'registered', 'ongoing']);

/** Reads a verified post-call webhook of Synthflow. */
export function parse(body: unknown, settings: EndpointSettings): Parsed {
  if (!envelope.safeParse(body).success)
    return unreadable('This is no webhook of Synthflow: it has no call with a call_id.');
  const read = webhook.safeParse(body);
  if (!read.success) return malformed("Synthflow's webhook", read.error);
  const { call, lead } = read.data;
  const status = call.status ?? read.data.status ?? '';
  if (NOT_ENDED.has(status)) return ignored(`A Synthflow call that is ${shown(status)} is not billed yet.`);
  const outcome: CallOutcome = NEVER_CONNECTED.has(status) && !call.duration ? 'unconnected' : 'connected';
  if (call.duration == null && outcome === 'connected') return unreadable("Synthflow's webhook says no duration.");
  const seconds = call.duration ?? 0;
  return {
    kind: 'call',
    callId: call.call_id,
    leg: '',
    facts: {
      outcome,
      rawMilliseconds: Math.ceil(seconds * 1000),
      cost: null,
      rank: SOURCE_RANK.signed_webhook,
      order: null,
    },
    startedAt: call.start_time ?? null,
    clues: {
      agentId: call.model_id ?? null,
      fromNumber: phoneNumber(lead?.phone_number),
      toNumber: null,
      direction: 'inbound', // the lead's number is never on our side
      metadataCustomerId: customerIdIn(lead?.prompt_variables),
    },
    carrierCallId: null,
    unconfirmed: seconds > (settings.trusted_seconds ?? TRUSTED_SECONDS),
  };
}
