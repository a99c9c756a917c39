import { z } from 'zod';
import { SOURCE_RANK, type CallClues } from '../../facts';
import type { Parsed } from '../adapter';
import {
  amount,
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

const envelope = z.object({ type: z.string() });
const failedCall = z.object({ data: z.object({ conversation_id: identifier, agent_id: text.nullish() }) });

/** The fields of a transcription that are read; snake_case on the wire, camelCase in the SDK. */
const transcription = z.object({
  data: z.object({
    conversation_id: identifier,
    agent_id: text.nullish(),
    status: z.string().nullish(),
    metadata: z.object({
      start_time_unix_secs: amount.nullish(),
      call_duration_secs: amount,
      cost_fiat: amount.nullish(),
      phone_call: z
        .object({
          type: z.string().nullish(),
          direction: z.enum(['inbound', 'outbound']).nullish().catch(null),
          agent_number: text.nullish(),
          external_number: text.nullish(),
          call_sid: text.nullish(),
        })
        .nullish()
        .catch(null),
    }),
    conversation_initiation_client_data: z.object({ dynamic_variables: z.unknown().optional() }).nullish().catch(null),
  }),
});
type Conversation = z.output<typeof transcription>['data'];

/** Reads a verified webhook of ElevenLabs. */
export function parse(body: unknown): Parsed {
  const opened = envelope.safeParse(body);
  if (!opened.success) return unreadable('This is no webhook of ElevenLabs: it has no type.');
  const { type } = opened.data;
  if (type === 'call_initiation_failure') return neverConnected(body);
  if (type !== 'post_call_transcription')
    return ignored(`ElevenLabs' ${shown(type)} is not billed; post_call_transcription is.`);

  const read = transcription.safeParse(body);
  if (!read.success) return malformed("ElevenLabs' post_call_transcription", read.error);
  const { data } = read.data;
  const { metadata } = data;
  return {
    kind: 'call',
    callId: data.conversation_id,
    leg: '',
    facts: {
      outcome: data.status === 'failed' && metadata.call_duration_secs === 0 ? 'unconnected' : 'connected',
      rawMilliseconds: Math.ceil(metadata.call_duration_secs * 1000),
      cost: costOf(metadata.cost_fiat), // `cost` counts ElevenLabs' own credits, which are no money
      rank: SOURCE_RANK.signed_webhook,
      order: 2,
    },
    startedAt: metadata.start_time_unix_secs == null ? null : metadata.start_time_unix_secs * 1000,
    clues: cluesOf(data),
    carrierCallId: metadata.phone_call?.call_sid?.startsWith('CA') ? metadata.phone_call.call_sid : null,
    unconfirmed: false,
  };
}

/** A call that was placed and not answered: free, and its hold is given back. */
function neverConnected(body: unknown): Parsed {
  const read = failedCall.safeParse(body);
  if (!read.success) return malformed("ElevenLabs' call_initiation_failure", read.error);
  const { conversation_id, agent_id } = read.data.data;
  return {
    kind: 'call',
    callId: conversation_id,
    leg: '',
    facts: { outcome: 'unconnected', rawMilliseconds: 0, cost: null, rank: SOURCE_RANK.signed_webhook, order: 1 },
    startedAt: null,
    clues: { agentId: agent_id ?? null, fromNumber: null, toNumber: null, direction: null, metadataCustomerId: null },
    carrierCallId: null,
    unconfirmed: false,
  };
}

function cluesOf(data: Conversation): CallClues {
  const phone = data.metadata.phone_call;
  const ours = phoneNumber(phone?.agent_number);
  const theirs = phoneNumber(phone?.external_number);
  const outbound = phone?.direction === 'outbound';
  return {
    agentId: data.agent_id ?? null,
    fromNumber: outbound ? ours : theirs,
    toNumber: outbound ? theirs : ours,
    direction: phone?.direction ?? (ours ? 'inbound' : null),
    metadataCustomerId: customerIdIn(data.conversation_initiation_client_data?.dynamic_variables),
  };
}
