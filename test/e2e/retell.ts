/** Retell's side: call events as its documentation shows them, signed by its own SDK. */
import Retell from 'retell-sdk';

export interface RetellCall {
  readonly id: string;
  readonly agentId: string;
  readonly milliseconds: number;
  readonly event?: 'call_started' | 'call_ended' | 'call_analyzed';
}

export interface SignedWebhook {
  readonly body: string;
  readonly headers: Record<string, string>;
}

export async function signedWebhook(call: RetellCall, secret: string): Promise<SignedWebhook> {
  const body = payload(call);
  return {
    body,
    headers: { 'content-type': 'application/json', 'x-retell-signature': await Retell.sign(body, secret) },
  };
}

export async function send(
  url: string,
  { body, headers }: SignedWebhook,
): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  try {
    return { status: response.status, answer: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
  } catch {
    throw new Error(`HTTP ${response.status} with no JSON: ${text.slice(0, 300)}`);
  }
}

/** Spaced and accented, so that anything that parses and prints it again breaks the signature. */
function payload({ id, agentId, milliseconds, event = 'call_ended' }: RetellCall): string {
  const end = Date.now() - 2_000;
  const call = {
    call_id: id,
    call_type: 'phone_call',
    agent_id: agentId,
    agent_version: 7,
    agent_name: 'Réception Zoë',
    call_status: 'ended',
    direction: 'inbound',
    from_number: '+14155550123',
    to_number: '+14155550199',
    start_timestamp: end - milliseconds,
    end_timestamp: end,
    duration_ms: milliseconds,
    disconnection_reason: 'user_hangup',
    metadata: {},
    transcript: 'Agent: Hello…',
    call_cost: {
      combined_cost: 8.2,
      total_duration_seconds: Math.ceil(milliseconds / 1000),
      total_duration_unit_price: 0.1323,
      product_costs: [],
    },
  };
  return JSON.stringify({ event, call }, null, 1);
}
