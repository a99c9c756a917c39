import { z } from 'zod';
import { SOURCE_RANK, type CallClues, type CallFacts, type CallOutcome } from '../../facts';
import type { Parsed } from '../adapter';
import {
  amount,
  costOf,
  customerIdIn,
  identifier,
  ignored,
  isoMoment,
  malformed,
  phoneNumber,
  shown,
  text,
  unreadable,
} from '../fields';

const envelope = z.object({ message: z.object({ type: z.string() }) });
const party = z.object({ number: text.nullish() }).nullish().catch(null);

/** The fields of the report that are read (@vapi-ai/server-sdk, ServerMessageEndOfCallReport). */
const report = z.object({
  endedReason: z.string().nullish(),
  startedAt: isoMoment.nullish(),
  endedAt: isoMoment.nullish(),
  // Deployed payloads carry these, the typed message does not.
  durationMs: amount.nullish(),
  durationSeconds: amount.nullish(),
  cost: amount.nullish(),
  customer: party,
  phoneNumber: party,
  assistant: z.object({ metadata: z.unknown().optional() }).nullish().catch(null),
  call: z.object({
    id: identifier,
    type: z.string().nullish(),
    assistantId: text.nullish(),
    phoneCallProvider: z.string().nullish(),
    phoneCallProviderId: text.nullish(),
    startedAt: isoMoment.nullish(),
    endedAt: isoMoment.nullish(),
    customer: party,
    phoneNumber: party,
    metadata: z.unknown().optional(),
    assistantOverrides: z.object({ metadata: z.unknown().optional() }).nullish().catch(null),
    costBreakdown: z.object({ total: amount.nullish() }).nullish().catch(null),
  }),
});
export type VapiReport = z.output<typeof report>;

/** Reads a verified message of Vapi. */
export function parse(body: unknown): Parsed {
  const opened = envelope.safeParse(body);
  if (!opened.success) return unreadable('This is no message of Vapi: it has no message with a type.');
  const { type } = opened.data.message;
  if (type !== 'end-of-call-report') return ignored(`Vapi's ${shown(type)} is not billed; end-of-call-report is.`);
  return parseReport((body as { message: unknown }).message, SOURCE_RANK.signed_webhook);
}

/** An end-of-call report, or what the API answers for a call put into the same form. */
export function parseReport(body: unknown, rank: CallFacts['rank']): Parsed {
  const read = report.safeParse(body);
  if (!read.success) return malformed("Vapi's end-of-call-report", read.error);
  const { data } = read;
  const outcome = outcomeOf(data.endedReason ?? '');
  const duration = durationOf(data);
  if (duration === null && outcome === 'connected') {
    // Never started and not known by its reason: nobody was there.
    if (startOf(data) !== null) return unreadable("Vapi's end-of-call-report says no end of a call that started.");
  }
  return {
    kind: 'call',
    callId: data.call.id,
    leg: '',
    facts: {
      outcome: duration === null && outcome === 'connected' ? 'unconnected' : outcome,
      rawMilliseconds: duration ?? 0,
      cost: costOf(data.cost ?? data.call.costBreakdown?.total),
      rank,
      order: null,
    },
    startedAt: startOf(data),
    clues: cluesOf(data),
    carrierCallId: carrierCallIdOf(data),
    unconfirmed: false,
  };
}

const startOf = (data: VapiReport) => data.startedAt ?? data.call.startedAt ?? null;

function durationOf(data: VapiReport): number | null {
  if (data.durationMs != null) return Math.ceil(data.durationMs);
  const start = startOf(data);
  const end = data.endedAt ?? data.call.endedAt;
  if (start !== null && end != null && end >= start) return end - start;
  return data.durationSeconds == null ? null : Math.ceil(data.durationSeconds * 1000);
}

/** Vapi's own failures, and those of the providers that it calls: "You are typically not charged". */
const PROVIDER_FAULT = /^(call\.in-progress\.error-(vapifault|providerfault)-|pipeline-error-|vapifault-)/;
/** Reasons that say nobody was ever connected. */
const NEVER_CONNECTED =
  /^(call\.start\.error-|call\.ringing\.|assistant-request-|assistant-not-(found|valid)$|customer-did-not-answer$|customer-busy$|(twilio|vonage)-failed-to-connect-call$|assistant-join-timed-out$)/;

function outcomeOf(reason: string): CallOutcome {
  if (PROVIDER_FAULT.test(reason)) return 'provider_fault';
  return NEVER_CONNECTED.test(reason) ? 'unconnected' : 'connected';
}

/** Twilio is what Vapi's numbers run on unless it says another. */
function carrierCallIdOf({ call }: VapiReport): string | null {
  const twilio = call.phoneCallProvider == null || call.phoneCallProvider === 'twilio';
  return twilio && call.phoneCallProviderId?.startsWith('CA') ? call.phoneCallProviderId : null;
}

function cluesOf(data: VapiReport): CallClues {
  const direction =
    data.call.type === 'inboundPhoneCall' ? 'inbound' : data.call.type === 'outboundPhoneCall' ? 'outbound' : null;
  const theirs = phoneNumber(data.customer?.number ?? data.call.customer?.number);
  const ours = phoneNumber(data.phoneNumber?.number ?? data.call.phoneNumber?.number);
  return {
    agentId: data.call.assistantId ?? null,
    // Vapi tells whose a number is, and no direction for calls on the web: ours counts, whatever the direction.
    fromNumber: direction === 'outbound' ? ours : theirs,
    toNumber: direction === 'outbound' ? theirs : ours,
    direction: direction ?? 'inbound',
    metadataCustomerId:
      customerIdIn(data.call.metadata) ??
      customerIdIn(data.call.assistantOverrides?.metadata) ??
      customerIdIn(data.assistant?.metadata),
  };
}
