import { z } from 'zod';
import { NO_CLUES, SOURCE_RANK, type CallOutcome } from '../../facts';
import type { Parsed } from '../adapter';
import { customerIdIn, identifier, ignored, isoMoment, malformed, shown, text, unreadable } from '../fields';

const envelope = z.object({ event: z.string() });

/** "66s", in milliseconds. */
const seconds = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,9})?s$/)
  .transform((value) => Math.ceil(Number(value.slice(0, -1)) * 1000));

/** The fields of the call that are read (docs.ultravox.ai, schema/call-definition). */
const billed = z.object({
  call: z.object({
    callId: identifier,
    created: isoMoment.nullish(),
    joined: isoMoment.nullish(),
    ended: isoMoment.nullish(),
    endReason: z.string().nullish(),
    billedDuration: seconds.nullish(),
    billingStatus: z.string().nullish(),
    agentId: text.nullish(),
    agent: z.object({ agentId: text.nullish() }).nullish().catch(null),
    metadata: z.unknown().optional(),
  }),
});
type UltravoxCall = z.output<typeof billed>['call'];

/** Reads a verified webhook of Ultravox. */
export function parse(body: unknown): Parsed {
  const opened = envelope.safeParse(body);
  if (!opened.success) return unreadable('This is no webhook of Ultravox: it has no event.');
  const { event } = opened.data;
  if (event !== 'call.billed') return ignored(`Ultravox' ${shown(event)} is not billed; call.billed is.`);

  const read = billed.safeParse(body);
  if (!read.success) return malformed("Ultravox' call.billed", read.error);
  const { call } = read.data;
  if (call.billingStatus === 'BILLING_STATUS_FREE_CONSOLE')
    return ignored("The call was a test in Ultravox' console, which is not billed.");
  const outcome = outcomeOf(call);
  const duration = durationOf(call);
  if (duration === null && outcome === 'connected')
    return unreadable("Ultravox' call.billed says neither billedDuration nor when a joined call ended.");
  return {
    kind: 'call',
    callId: call.callId,
    leg: '',
    facts: {
      outcome,
      rawMilliseconds: duration ?? 0,
      cost: null, // none in the payload: the endpoint's cost_per_minute
      rank: SOURCE_RANK.signed_webhook,
      order: null,
    },
    startedAt: call.joined ?? call.created ?? null,
    clues: {
      ...NO_CLUES,
      agentId: call.agentId ?? call.agent?.agentId ?? null,
      metadataCustomerId: customerIdIn(call.metadata),
    },
    carrierCallId: null,
    unconfirmed: false,
  };
}

function outcomeOf({ billingStatus, endReason }: UltravoxCall): CallOutcome {
  if (billingStatus === 'BILLING_STATUS_FREE_SYSTEM_ERROR' || endReason === 'system_error') return 'provider_fault';
  if (billingStatus === 'BILLING_STATUS_FREE_ZERO_EFFECTIVE_DURATION' || endReason === 'unjoined') return 'unconnected';
  return 'connected';
}

function durationOf({ billedDuration, joined, ended }: UltravoxCall): number | null {
  if (billedDuration != null) return billedDuration;
  return joined != null && ended != null && ended >= joined ? ended - joined : null;
}
