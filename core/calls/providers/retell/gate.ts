import { z } from 'zod';
import type { GateAdapter } from '../adapter';
import { identifier, phoneNumber, text } from '../fields';

const request = z.object({
  event: z.literal('call_inbound'),
  call_inbound: z.object({
    call_id: identifier.nullish(),
    agent_id: text.nullish(),
    from_number: text.nullish(),
    to_number: text.nullish(),
  }),
});

/**
 * The inbound webhook (docs.retellai.com/features/inbound-call-webhook): 10 s, tried 3 times, while the caller hears it
 * ringing. A call without an agent is rejected, which is how it is refused: so the number must have **no inbound agent** of
 * its own, or a refused call is answered by that. The shortest limit that Retell takes is a minute.
 */
export const gate: GateAdapter = {
  shortestSeconds: 60,
  longestSeconds: 7_200,
  needsAgent: true,
  read(body) {
    const read = request.safeParse(body);
    if (!read.success) return null;
    const { call_id, agent_id, from_number, to_number } = read.data.call_inbound;
    return {
      kind: 'call',
      callId: call_id ?? null, // older deployments tell none
      agentId: agent_id ?? null,
      fromNumber: phoneNumber(from_number),
      toNumber: phoneNumber(to_number),
    };
  },
  allow: ({ agentId, capSeconds }) => ({
    status: 200,
    body: {
      call_inbound: {
        override_agent_id: agentId,
        agent_override: { agent: { max_call_duration_ms: capSeconds * 1000 } },
      },
    },
  }),
  refuse: () => ({ status: 200, body: { call_inbound: {} } }),
};
