import { z } from 'zod';
import { SOURCE_RANK, type CallOutcome } from '../../facts';
import type { Parsed } from '../adapter';
import {
  amount,
  costOf,
  customerIdIn,
  identifier,
  ignored,
  isoMoment,
  malformed,
  numeric,
  phoneNumber,
  text,
  unreadable,
} from '../fields';

const envelope = z.object({ call_id: identifier });
const call = z.object({
  call_id: identifier,
  status: z.string().nullish(),
  queue_status: z.string().nullish(),
  completed: z.boolean().nullish(),
  call_length: amount.nullish(),
  corrected_duration: numeric.nullish(),
  price: amount.nullish(),
  answered_by: z.string().nullish(),
  error_message: z.string().nullish(),
  inbound: z.boolean().nullish(),
  from: text.nullish(),
  to: text.nullish(),
  started_at: isoMoment.nullish(),
  metadata: z.unknown().optional(),
});
type BlandCall = z.output<typeof call>;

/** Reads a verified post-call webhook of Bland: it names no event, the call is all there is. */
export function parse(body: unknown): Parsed {
  if (!envelope.safeParse(body).success) return unreadable('This is no webhook of Bland: it has no call_id.');
  const read = call.safeParse(body);
  if (!read.success) return malformed("Bland's webhook", read.error);
  const { data } = read;
  const outcome = outcomeOf(data);
  if (outcome === 'connected' && data.completed === false)
    return ignored('The call has not ended yet; the webhook after its end is billed.');
  const duration = durationOf(data);
  if (duration === null && outcome === 'connected')
    return unreadable("Bland's webhook says neither corrected_duration nor call_length.");
  return {
    kind: 'call',
    callId: data.call_id,
    leg: '',
    facts: {
      outcome,
      rawMilliseconds: duration ?? 0,
      cost: costOf(data.price),
      rank: SOURCE_RANK.signed_webhook,
      order: null,
    },
    startedAt: data.started_at ?? null,
    clues: {
      agentId: null,
      fromNumber: phoneNumber(data.from),
      toNumber: phoneNumber(data.to),
      direction: data.inbound == null ? null : data.inbound ? 'inbound' : 'outbound',
      metadataCustomerId: customerIdIn(data.metadata),
    },
    carrierCallId: null,
    unconfirmed: false,
  };
}

const NEVER_CONNECTED = new Set(['no-answer', 'busy', 'failed', 'canceled', 'call_error', 'pre_queue_error']);

function outcomeOf({
  status,
  queue_status,
  answered_by,
  completed,
  corrected_duration,
  call_length,
}: BlandCall): CallOutcome {
  const length = corrected_duration ?? call_length;
  const reasons = [status, queue_status, answered_by].map((each) => each ?? '');
  const never = reasons.some((each) => NEVER_CONNECTED.has(each));
  return never && (length == null || length === 0 || completed === false) ? 'unconnected' : 'connected';
}

/**
 * corrected_duration is seconds; call_length is minutes with four decimals ("1.0167" is 61 s), which are good to some
 * milliseconds: rounded to the hundredth of a second, so that the decimals' rounding never makes a second more.
 */
function durationOf({ corrected_duration, call_length }: BlandCall): number | null {
  if (corrected_duration != null) return Math.ceil(corrected_duration * 1000);
  return call_length == null ? null : Math.round(call_length * 6000) * 10;
}
