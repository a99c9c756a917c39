import { z } from 'zod';
import type { GateAdapter } from '../adapter';
import { identifier, phoneNumber, text } from '../fields';

const party = z.object({ number: text.nullish() }).nullish().catch(null);
const request = z.object({
  message: z.object({
    type: z.literal('assistant-request'),
    call: z.object({ id: identifier, customer: party, phoneNumber: party }),
    customer: party,
    phoneNumber: party,
  }),
});

/**
 * `assistant-request` (docs.vapi.ai/server-url/events): asked for numbers that have no assistant of their own, within 7.5 s.
 * `error` is spoken to the caller, and the call is not accepted.
 */
export const gate: GateAdapter = {
  shortestSeconds: 10,
  longestSeconds: 43_200,
  needsAgent: true,
  read(body) {
    const read = request.safeParse(body);
    if (!read.success) return null;
    const { call, customer, phoneNumber: ours } = read.data.message;
    return {
      kind: 'call',
      callId: call.id,
      agentId: null,
      fromNumber: phoneNumber(customer?.number ?? call.customer?.number),
      toNumber: phoneNumber(ours?.number ?? call.phoneNumber?.number),
    };
  },
  allow: ({ agentId, capSeconds }) => ({
    status: 200,
    body: { assistantId: agentId, assistantOverrides: { maxDurationSeconds: capSeconds } },
  }),
  refuse: (message) => ({ status: 200, body: { error: message } }),
};
