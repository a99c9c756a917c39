import { z } from 'zod';
import { verifySentSecret, type GateAdapter } from '../adapter';
import { identifier, phoneNumber, text } from '../fields';

const request = z.object({
  agent_id: text,
  caller_id: text.nullish(),
  called_number: text.nullish(),
  call_sid: identifier.nullish(),
  conversation_id: identifier.nullish(),
});

/** Long enough for the refusal to be spoken, and for no conversation. */
const REFUSED_SECONDS = 5;

/**
 * The conversation initiation webhook. It is not signed: set the header `x-talktime-secret` at ElevenLabs. It names the
 * carrier's call rather than the conversation, so what is held is found again by that at the call's end. There is no way to
 * reject: a refused caller hears the refusal, and the conversation ends after 5 seconds. The agent's security settings must
 * allow both overrides (first message, longest duration).
 */
export const gate: GateAdapter = {
  shortestSeconds: 30,
  longestSeconds: 86_400,
  needsAgent: false,
  verify: verifySentSecret,
  read(body) {
    const read = request.safeParse(body);
    if (!read.success) return null;
    const { agent_id, caller_id, called_number, call_sid, conversation_id } = read.data;
    return {
      kind: 'call',
      callId: conversation_id ?? call_sid ?? null,
      agentId: agent_id,
      fromNumber: phoneNumber(caller_id),
      toNumber: phoneNumber(called_number),
    };
  },
  allow: ({ capSeconds }) => initiation({ conversation: { max_duration_seconds: capSeconds } }),
  refuse: (message) =>
    initiation({ agent: { first_message: message }, conversation: { max_duration_seconds: REFUSED_SECONDS } }),
};

function initiation(override: object) {
  return {
    status: 200,
    body: {
      type: 'conversation_initiation_client_data',
      dynamic_variables: {},
      conversation_config_override: override,
    },
  };
}
