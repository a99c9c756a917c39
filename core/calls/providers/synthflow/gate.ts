import { z } from 'zod';
import { verifySentSecret, type GateAdapter } from '../adapter';
import { identifier, phoneNumber, text } from '../fields';
import { SIGNATURE_HEADERS, verify } from './verify';

const inbound = z.object({
  call_id: identifier.nullish(),
  model_id: z.union([text, z.number().transform(String)]).nullish(),
  from_number: text.nullish(),
  to_number: text.nullish(),
});
const request = z.union([
  z.object({ call_inbound: inbound }).transform(({ call_inbound }) => call_inbound),
  z.object({ type: z.literal('call_inbound'), call: inbound }).transform(({ call }) => call),
]);

/**
 * The inbound webhook (docs.synthflow.ai/inbound-webhook), 10 s: `{}` disconnects, an empty body goes on. It takes no
 * limit of the call's length: the model's own counts, and the hold is for what the balance covers. Where it is not signed,
 * set the header `x-talktime-secret`.
 */
export const gate: GateAdapter = {
  shortestSeconds: 30,
  longestSeconds: 86_400,
  needsAgent: false,
  verify: (delivery, options) =>
    SIGNATURE_HEADERS.some((name) => delivery.headers[name] !== undefined)
      ? verify(delivery, options)
      : verifySentSecret(delivery, options),
  read(body) {
    const read = request.safeParse(body);
    if (!read.success) return null;
    const { call_id, model_id, from_number, to_number } = read.data;
    return {
      kind: 'call',
      callId: call_id ?? null,
      agentId: model_id ?? null,
      fromNumber: phoneNumber(from_number),
      toNumber: phoneNumber(to_number),
    };
  },
  allow: ({ agentId }) => ({
    status: 200,
    body: agentId === null ? undefined : { call_inbound: { override_model_id: agentId } },
  }),
  refuse: () => ({ status: 200, body: {} }),
};
