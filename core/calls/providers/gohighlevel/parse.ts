import { z } from 'zod';
import { SOURCE_RANK } from '../../facts';
import type { Parsed } from '../adapter';
import { identifier, ignored, isoMoment, malformed, numeric, phoneNumber, shown, text, unreadable } from '../fields';

const envelope = z.object({ type: z.string() });
const ended = z.object({
  id: identifier,
  locationId: text.nullish(),
  agentId: text.nullish(),
  fromNumber: text.nullish(),
  createdAt: isoMoment.nullish(),
  duration: numeric,
  trialCall: z.boolean().nullish(),
});

/** Reads a verified webhook of GoHighLevel. */
export function parse(body: unknown): Parsed {
  const opened = envelope.safeParse(body);
  if (!opened.success) return unreadable('This is no webhook of GoHighLevel: it has no type.');
  const { type } = opened.data;
  if (type !== 'VoiceAiCallEnd') return ignored(`GoHighLevel's ${shown(type)} is not billed; VoiceAiCallEnd is.`);
  const read = ended.safeParse(body);
  if (!read.success) return malformed("GoHighLevel's VoiceAiCallEnd", read.error);
  const { data } = read;
  if (data.trialCall) return ignored('A trial call of GoHighLevel, which is not billed.');
  return {
    kind: 'call',
    callId: data.id,
    leg: '',
    facts: {
      outcome: 'connected',
      rawMilliseconds: Math.ceil(data.duration * 1000),
      cost: null,
      rank: SOURCE_RANK.signed_webhook,
      order: null,
    },
    startedAt: data.createdAt ?? null,
    clues: {
      agentId: data.agentId ?? null,
      fromNumber: phoneNumber(data.fromNumber),
      toNumber: null,
      direction: 'inbound', // fromNumber is the caller's, never on our side
      metadataCustomerId: data.locationId ?? null,
    },
    carrierCallId: null,
    unconfirmed: false,
  };
}
