import { z } from 'zod';
import { NO_CLUES, SOURCE_RANK } from '../../facts';
import type { Parsed } from '../adapter';
import { customerIdIn, identifier, ignored, malformed, numeric, shown, unreadable } from '../fields';

const envelope = z.object({ event: z.string() });
const finished = z.object({
  createdAt: numeric,
  room: z.object({
    sid: identifier,
    creationTime: numeric,
    metadata: z.string().nullish(),
  }),
});

/** Reads a verified event of LiveKit. */
export function parse(body: unknown): Parsed {
  const opened = envelope.safeParse(body);
  if (!opened.success) return unreadable('This is no webhook of LiveKit: it has no event.');
  const { event } = opened.data;
  if (event !== 'room_finished') return ignored(`LiveKit's ${shown(event)} is not billed; room_finished is.`);
  const read = finished.safeParse(body);
  if (!read.success) return malformed("LiveKit's room_finished", read.error);
  const { createdAt, room } = read.data;
  if (createdAt < room.creationTime) return unreadable("LiveKit's room_finished ends before the room began.");
  return {
    kind: 'call',
    callId: room.sid,
    leg: '',
    facts: {
      outcome: 'connected',
      rawMilliseconds: Math.ceil((createdAt - room.creationTime) * 1000),
      cost: null,
      rank: SOURCE_RANK.signed_webhook,
      order: null,
    },
    startedAt: room.creationTime * 1000,
    clues: { ...NO_CLUES, ...cluesIn(room.metadata) },
    carrierCallId: null,
    unconfirmed: false,
  };
}

/** A room's metadata is text of the builder's own; as JSON it may name the customer and the agent. */
function cluesIn(metadata: string | null | undefined) {
  let value: unknown = null;
  try {
    value = JSON.parse(metadata ?? 'null');
  } catch {
    // Text that is no JSON names nobody.
  }
  const agent = z.object({ agent_id: z.string().min(1).max(200) }).safeParse(value);
  return { metadataCustomerId: customerIdIn(value), agentId: agent.success ? agent.data.agent_id : null };
}
