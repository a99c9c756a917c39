/** workflows/low-balance-to-slack-and-email.json: Talktime Trigger in real life, from switching it on to switching it off. */
import assert from 'node:assert/strict';
import type { Report } from '../report';
import { until } from '../wait';
import { filledIn, readWorkflow, type World } from '../world';

export async function lowBalanceCases(
  report: Report,
  { talktime, n8n, credentials, slack, mail }: World,
): Promise<void> {
  report.title('workflows/low-balance-to-slack-and-email.json');
  const webhooks = async () =>
    (
      await talktime.get<{ items: { id: string; url: string; events: string[]; description: string }[] }>(
        '/v1/webhooks',
      )
    ).items;
  const told = () => slack.messages.filter(({ channel }) => channel === '#credits').map(({ text }) => text);
  const spend = (amount: string) =>
    talktime.post('/v1/deductions', {
      source: 'amount',
      customer_id: 'cus_warned',
      amount,
      idempotency_key: `warned-${amount}`,
    });
  let workflowId = '';

  await report.check('activating it registers the webhook in Talktime, once', async () => {
    await talktime.createCustomer({
      id: 'cus_warned',
      name: 'Warned & Co',
      settings: {
        ai_credits_enabled: true,
        price_per_minute: { credits: '12' },
        low_credit_threshold: '50',
        low_credit_notifications_enabled: true,
      },
    });
    await talktime.post('/v1/top-ups', { customer_id: 'cus_warned', amount: '100', idempotency_key: 'warned-initial' });
    const file = filledIn(readWorkflow('low-balance-to-slack-and-email.json'), {
      from_email: 'agency@example.com',
      client_email: 'client@example.com',
    });
    workflowId = await n8n.activateWorkflow(file, credentials);
    const [webhook, ...others] = await until(async () => ((await webhooks()).length > 0 ? webhooks() : undefined));
    assert.deepEqual(others, []);
    assert.deepEqual(webhook!.events, ['balance.low', 'balance.exhausted', 'balance.recovered']);
    return `${webhook!.description}`;
  });

  await report.check('a balance that runs low is told in Slack and to the client, once', async () => {
    await spend('60');
    await until(() => (told().length > 0 && mail.mails.length > 0 ? true : undefined));
    await spend('1');
    assert.deepEqual(told(), ['Warned & Co is low on credits: 40 left, about 3.33 minutes.']);
    assert.deepEqual(
      mail.mails.map(({ from, to }) => [from, to]),
      [['agency@example.com', ['client@example.com']]],
    );
    assert.match(mail.mails[0]!.text, /40 credits, which is enough for about 3.33 minutes/);
    return mail.mails[0]!.text.split('\r\n\r\n').at(1);
  });

  await report.check('a recovery is told to the team alone', async () => {
    await talktime.post('/v1/top-ups', { customer_id: 'cus_warned', amount: '500', idempotency_key: 'warned-more' });
    const texts = await until(() => (told().length > 1 ? told() : undefined));
    assert.equal(texts[1], 'Warned & Co has credits again: 539.');
    assert.equal(mail.mails.length, 1);
  });

  await report.check('what Talktime did not sign is answered 401, and starts nothing', async () => {
    const { url } = (await webhooks())[0]!;
    const forged = {
      id: 'x',
      type: 'balance.low',
      at: new Date().toISOString(),
      customer: { id: 'cus_warned' },
      data: {},
    };
    const response = await fetch(url.replace('localhost', '127.0.0.1'), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': 'x',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
      },
      body: JSON.stringify(forged),
    });
    assert.equal(response.status, 401);
    assert.equal(told().length, 2);
  });

  await report.check('deactivating it takes the webhook out of Talktime', async () => {
    await n8n.deactivateWorkflow(workflowId);
    await until(async () => ((await webhooks()).length === 0 ? true : undefined));
  });
}
