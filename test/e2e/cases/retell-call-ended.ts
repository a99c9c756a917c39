/** The main job, through workflows/retell-call-ended.json: a call ends, its credits are deducted, the partner hears of it. */
import assert from 'node:assert/strict';
import type { Report } from '../report';
import { send, signedWebhook, type RetellCall } from '../retell';
import { until } from '../wait';
import { readWorkflow, RETELL_SECRET, type World } from '../world';

export async function retellCallEndedCases(
  report: Report,
  { talktime, n8n, credential, ingress }: World,
): Promise<void> {
  report.title('workflows/retell-call-ended.json');
  const webhook = `${n8n.url}/webhook/retell-call-ended`;
  const ended = async (call: RetellCall, secret = RETELL_SECRET) => send(webhook, await signedWebhook(call, secret));
  let workflowId = '';

  await report.check('it imports, and activates', async () => {
    workflowId = await n8n.activateWorkflow(readWorkflow('retell-call-ended.json'), credential);
  });

  await report.check('a call of 61.5 s is charged 62 s at 12 credits a minute, and answered', async () => {
    const { status, answer } = await ended({ id: 'call_1', agentId: 'agent_acme', milliseconds: 61_500 });
    assert.deepEqual([status, answer.outcome, answer.status], [200, 'deducted', 'ok']);
    const [line] = await talktime.statement('cus_acme');
    assert.deepEqual([line?.type, line?.amount, line?.balance, line?.call?.call_id], ['Used', -12.4, 87.6, 'call_1']);
    assert.deepEqual(
      [line?.receipt?.raw_seconds, line?.receipt?.billed_seconds, line?.receipt?.payer],
      [61.5, 62, 'customer'],
    );
    return `answered ${JSON.stringify(answer)}; the ledger: ${line?.amount} credits, balance ${line?.balance}`;
  });

  await report.check('sending it again charges nothing', async () => {
    const before = await talktime.statement('cus_acme');
    const { status, answer } = await ended({ id: 'call_1', agentId: 'agent_acme', milliseconds: 61_500 });
    assert.deepEqual([status, answer.outcome], [200, 'deducted']);
    assert.deepEqual(await talktime.statement('cus_acme'), before);
  });

  await report.check("nor does the same call through the service's own address", async () => {
    const { status } = await send(
      ingress,
      await signedWebhook({ id: 'call_1', agentId: 'agent_acme', milliseconds: 61_500 }, RETELL_SECRET),
    );
    assert.ok(status < 300, `HTTP ${status}`);
    assert.equal(await talktime.balance('cus_acme'), 87.6);
  });

  await report.check('call_started is answered and not charged', async () => {
    const { status, answer } = await ended({
      id: 'call_2',
      agentId: 'agent_acme',
      milliseconds: 0,
      event: 'call_started',
    });
    assert.deepEqual([status, answer.outcome], [200, 'ignored']);
    assert.equal(await talktime.balance('cus_acme'), 87.6);
  });

  await report.check('crossing the threshold goes out by Low, and the partner is told once', async () => {
    const { answer } = await ended({ id: 'call_3', agentId: 'agent_acme', milliseconds: 200_000 });
    assert.deepEqual([answer.outcome, answer.status], ['deducted', 'low']);
    assert.equal(await talktime.balance('cus_acme'), 47.6);
    const [drawn] = await until(() => atLeast(1, talktime.alertsAbout('Acme Dental')));
    assert.match(drawn ?? '', /Low on credits[\s\S]*47\.6 credits/);
    await ended({ id: 'call_3', agentId: 'agent_acme', milliseconds: 200_000 });
    assert.equal(talktime.alertsAbout('Acme Dental').length, 1);
    return `the alert, as the console drew it:\n${(drawn ?? '').replace(/^/gm, '        ')}`;
  });

  await report.check('running out goes out by Exhausted; an ended call is charged all the same', async () => {
    const { answer } = await ended({ id: 'call_4', agentId: 'agent_acme', milliseconds: 300_000 });
    assert.deepEqual([answer.outcome, answer.status], ['deducted', 'exhausted']);
    assert.equal(await talktime.balance('cus_acme'), -12.4);
  });

  await report.check(
    'with AI Credits Enabled off, the call is taken from the partner, and its status is what is checked',
    async () => {
      const before = await talktime.partnerBalance();
      const { answer } = await ended({ id: 'call_5', agentId: 'agent_bolt', milliseconds: 60_000 });
      assert.deepEqual([answer.outcome, answer.status], ['deducted', 'ok']);
      assert.equal(await talktime.partnerBalance(), before - 8);
    },
  );

  await report.check('a call that matches no customer waits in suspense', async () => {
    const { status, answer } = await ended({ id: 'call_6', agentId: 'agent_unknown', milliseconds: 30_000 });
    assert.deepEqual([status, answer.outcome], [200, 'suspense']);
    assert.deepEqual(
      (await talktime.suspense()).map(({ provider_call_id }) => provider_call_id),
      ['call_6'],
    );
    return `answered ${JSON.stringify(answer)}`;
  });

  await report.check('a wrong signature is answered 401, and changes nothing', async () => {
    const { status, answer } = await ended(
      { id: 'call_7', agentId: 'agent_acme', milliseconds: 60_000 },
      'key_of_someone_else',
    );
    assert.deepEqual([status, answer.code], [401, 'SIGNATURE_INVALID']);
    assert.equal(await talktime.balance('cus_acme'), -12.4);
  });

  await report.check(
    'while the service is away Retell is asked to send again, and then the call is charged once',
    async () => {
      const call = { id: 'call_8', agentId: 'agent_acme', milliseconds: 60_000 };
      await talktime.stop();
      const away = await ended(call);
      assert.deepEqual([away.status, away.answer.received], [503, false]);
      await talktime.start();
      const back = await ended(call);
      assert.deepEqual([back.status, back.answer.outcome], [200, 'deducted']);
      assert.equal(await talktime.balance('cus_acme'), -24.4);
      return `answered ${JSON.stringify(away.answer)}`;
    },
  );

  await report.check('n8n shows every one of these executions as a success', async () => {
    const statuses = await until(async () => {
      const found = (await n8n.executions(workflowId)).map(({ status }) => status);
      return found.includes('running') ? undefined : found;
    });
    assert.ok(statuses.length >= 10, `${statuses.length} executions`);
    assert.deepEqual([...new Set(statuses)], ['success']);
  });
}

function atLeast(count: number, found: string[]): string[] | undefined {
  return found.length >= count ? found : undefined;
}
