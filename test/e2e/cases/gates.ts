/** workflows/vapi-call-gate.json and retell-call-gate.json: whether a call may begin, in the provider's own form. */
import assert from 'node:assert/strict';
import Retell from 'retell-sdk';
import type { Report } from '../report';
import { until } from '../wait';
import { readWorkflow, RETELL_SECRET, type World } from '../world';
import { SECRET } from './other-providers';

const NUMBER = '+14155550166';
const POOR_NUMBER = '+14155550188';

export async function gateCases(report: Report, world: World): Promise<void> {
  await vapiCases(report, world);
  await retellCases(report, world);
}

async function ask(url: string, body: object, headers: Record<string, string>) {
  const raw = JSON.stringify(body);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: raw,
  });
  return [response.status, (await response.json()) as Record<string, unknown>] as const;
}

async function vapiCases(report: Report, { talktime, n8n, credentials }: World): Promise<void> {
  report.title('workflows/vapi-call-gate.json');
  const url = `${n8n.url}/webhook/vapi-call-gate`;
  const send = (message: object, secret = SECRET) => ask(url, { message }, { 'x-vapi-secret': secret });
  const question = (id: string, number = NUMBER) => ({
    type: 'assistant-request',
    call: { id, type: 'inboundPhoneCall' },
    customer: { number: '+14155550123' },
    phoneNumber: { number },
  });

  await report.check(
    'a call that is paid for begins, for as long as the balance covers, and its credits are held',
    async () => {
      for (const [id, number, amount] of [
        ['cus_gated', NUMBER, '240'],
        ['cus_poor', POOR_NUMBER, undefined],
      ] as const) {
        await talktime.createCustomer({
          id,
          name: `Gated ${id}`,
          settings: { ai_credits_enabled: true, price_per_minute: { credits: '12' } },
          mappings: [
            { kind: 'phone_number', value: number },
            { kind: 'agent', value: `agent_of_${id}` },
          ],
        });
        if (amount) await talktime.post('/v1/top-ups', { customer_id: id, amount, idempotency_key: `${id}-initial` });
      }
      await setGate(talktime, 'vapi', { agents: { [NUMBER]: 'assistant_gated', [POOR_NUMBER]: 'assistant_poor' } });
      await n8n.activateWorkflow(readWorkflow('vapi-call-gate.json'), credentials);

      assert.deepEqual(await send(question('vapi_gate_1')), [
        200,
        { assistantId: 'assistant_gated', assistantOverrides: { maxDurationSeconds: 1200 } },
      ]);
      const { held } = await talktime.get<{ held: number }>('/v1/balance?customer_id=cus_gated');
      assert.equal(held, 240);
    },
  );

  await report.check('its end, at the same address, turns what was held into the charge', async () => {
    const [status, answer] = await send({
      type: 'end-of-call-report',
      endedReason: 'customer-ended-call',
      startedAt: '2026-11-24T16:00:00.000Z',
      endedAt: '2026-11-24T16:05:00.000Z',
      call: { id: 'vapi_gate_1', assistantId: 'assistant_gated' },
      phoneNumber: { number: NUMBER },
    });
    assert.deepEqual([status, answer.outcome], [200, 'deducted'], JSON.stringify(answer));
    const balance = await talktime.get<{ posted: number; held: number }>('/v1/balance?customer_id=cus_gated');
    assert.deepEqual([balance.posted, balance.held], [180, 0]);
    assert.deepEqual(await send({ type: 'status-update', status: 'in-progress' }), [
      200,
      { received: true, outcome: 'ignored' },
    ]);
  });

  await report.check('a call that nobody can pay for is refused, with words that tell the caller nothing', async () => {
    const [status, answer] = await send(question('vapi_gate_2', POOR_NUMBER));
    assert.deepEqual([status, answer], [200, { error: 'This line is temporarily unavailable.' }]);
  });

  await report.check('a wrong secret is answered 401', async () => {
    assert.equal((await send(question('vapi_gate_3'), 'wrong'))[0], 401);
  });

  await report.check('while the service is away the call is refused', async () => {
    await talktime.stop();
    assert.deepEqual(await send(question('vapi_gate_4')), [200, { error: 'This line is temporarily unavailable.' }]);
    await talktime.start();
  });
}

async function retellCases(report: Report, { talktime, n8n, credentials, slack }: World): Promise<void> {
  report.title('workflows/retell-call-gate.json');
  const url = `${n8n.url}/webhook/retell-call-gate`;
  const send = async (toNumber: string, callId: string) => {
    const body = {
      event: 'call_inbound',
      call_inbound: { call_id: callId, from_number: '+14155550123', to_number: toNumber },
    };
    return ask(url, body, { 'x-retell-signature': await Retell.sign(JSON.stringify(body), RETELL_SECRET) });
  };
  const told = () => slack.messages.filter(({ channel }) => channel === '#calls').map(({ text }) => text);

  await report.check('a call that is paid for begins with a limit, and nobody is bothered', async () => {
    await setGate(talktime, 'retell', {
      agents: { [NUMBER]: 'agent_of_cus_gated', [POOR_NUMBER]: 'agent_of_cus_poor' },
    });
    await n8n.activateWorkflow(readWorkflow('retell-call-gate.json'), credentials);
    assert.deepEqual(await send(NUMBER, 'retell_gate_1'), [
      200,
      {
        call_inbound: {
          override_agent_id: 'agent_of_cus_gated',
          agent_override: { agent: { max_call_duration_ms: 900_000 } },
        },
      },
    ]);
    await talktime.post('/v1/calls/release', { provider: 'retell', call_id: 'retell_gate_1' });
    assert.deepEqual(told(), []);
  });

  await report.check('one with little left begins, and the team hears of it in Slack', async () => {
    const spend = { source: 'amount', customer_id: 'cus_gated', amount: '150', idempotency_key: 'spend' };
    await talktime.post('/v1/deductions', spend);
    const [status, answer] = await send(NUMBER, 'retell_gate_2');
    assert.deepEqual([status, 'call_inbound' in answer], [200, true]);
    const [text] = await until(() => (told().length > 0 ? told() : undefined));
    assert.match(text!, /began with credits for 2 minutes/);
  });

  await report.check('one without credits is rejected, and the team hears why', async () => {
    assert.deepEqual(await send(POOR_NUMBER, 'retell_gate_3'), [200, { call_inbound: {} }]);
    const texts = await until(() => (told().length > 1 ? told() : undefined));
    assert.match(texts[1]!, /was refused: .*credits/);
    return texts[1];
  });
}

async function setGate(talktime: World['talktime'], provider: string, gate: object): Promise<void> {
  const { items } = await talktime.get<{ items: { id: string; provider: string; settings: object }[] }>(
    '/v1/endpoints',
  );
  const { id, settings } = items.find((each) => each.provider === provider)!;
  await talktime.patch(`/v1/endpoints/${id}`, { settings: { ...settings, gate } });
}
