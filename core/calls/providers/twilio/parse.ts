import { z } from 'zod';
import { SOURCE_RANK, type CallOutcome } from '../../facts';
import type { Parsed } from '../adapter';
import { ignored, isoMoment, malformed, numeric, phoneNumber, shown, text, unreadable } from '../fields';

/** Statuses of a call that has ended; the others come before. */
const ENDED: Record<string, CallOutcome> = {
  completed: 'connected',
  busy: 'unconnected',
  'no-answer': 'unconnected',
  failed: 'unconnected',
  canceled: 'unconnected',
};

const envelope = z.object({ CallSid: z.string().regex(/^CA[0-9a-fA-F]{32}$/), CallStatus: z.string() });
const callback = z.object({
  ParentCallSid: z.string().optional(),
  CallDuration: numeric.optional(),
  From: text.optional(),
  To: text.optional(),
  Direction: z.string().optional(),
  Timestamp: isoMoment.optional(),
});

/** Parameters as an object; JSON when Twilio was told to send that. */
export function decode(rawBody: Buffer): unknown {
  const body = rawBody.toString('utf8');
  return body.trimStart().startsWith('{') ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
}

/** Reads a verified status callback of Twilio. */
export function parse(body: unknown): Parsed {
  const opened = envelope.safeParse(body);
  if (!opened.success) return unreadable('This is no status callback of Twilio: it has no CallSid and CallStatus.');
  const { CallSid: callId, CallStatus: status } = opened.data;
  const outcome = ENDED[status];
  if (outcome === undefined) return ignored(`Twilio's status ${shown(status)} is not billed; completed is.`);
  const read = callback.safeParse(body);
  if (!read.success) return malformed("Twilio's status callback", read.error);
  const { data } = read;
  if (data.ParentCallSid) return ignored('A leg of another Twilio call; only the call itself is billed.');
  if (outcome === 'connected' && data.CallDuration === undefined)
    return unreadable("Twilio's status callback says no CallDuration of a completed call.");
  const seconds = outcome === 'connected' ? data.CallDuration! : 0;
  const direction = data.Direction === undefined ? null : data.Direction === 'inbound' ? 'inbound' : 'outbound';
  return {
    kind: 'call',
    callId,
    leg: '',
    facts: {
      outcome,
      rawMilliseconds: Math.ceil(seconds * 1000),
      cost: null, // told by Twilio's API only, hours later
      rank: SOURCE_RANK.signed_webhook,
      order: null,
    },
    startedAt: data.Timestamp === undefined ? null : Math.max(0, data.Timestamp - seconds * 1000),
    clues: {
      agentId: null,
      fromNumber: phoneNumber(data.From),
      toNumber: phoneNumber(data.To),
      direction,
      metadataCustomerId: null,
    },
    carrierCallId: callId,
    unconfirmed: false,
  };
}
