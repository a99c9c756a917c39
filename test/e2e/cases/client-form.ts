/** workflows/client-form-to-onboarding.json, filled in as a browser sends it. */
import assert from 'node:assert/strict';
import type { Report } from '../report';
import { until } from '../wait';
import { readWorkflow, type World } from '../world';

export async function clientFormCases(report: Report, { talktime, n8n, credentials, slack }: World): Promise<void> {
  report.title('workflows/client-form-to-onboarding.json');
  const file = readWorkflow('client-form-to-onboarding.json');
  const path = file.nodes.find(({ type }) => type === 'n8n-nodes-base.formTrigger')!.webhookId!;
  const address = `${n8n.url}/form/${path}`;

  /** Sends the form, and reads the page that it ends with. */
  const submit = async (fields: readonly string[]): Promise<string> => {
    const form = new FormData();
    fields.forEach((value, index) => form.append(`field-${index}`, value));
    const response = await fetch(address, { method: 'POST', body: form, signal: AbortSignal.timeout(15_000) });
    const { formWaitingUrl } = (await response.json()) as { formWaitingUrl: string };
    const waiting = new URL(formWaitingUrl);
    return await until(async () => {
      // n8n does not answer while the execution still runs; the form's page asks again, too.
      const page = await fetch(`${n8n.url}${waiting.pathname}${waiting.search}`, {
        signal: AbortSignal.timeout(1_000),
      }).catch(() => undefined);
      const text = (await page?.text()) ?? '';
      return /is set up|was set up before|Nothing was set up/.test(text) ? text : undefined;
    }, 20_000);
  };

  await report.check('the form opens', async () => {
    await n8n.activateWorkflow(file, credentials);
    const page = await until(async () => {
      const response = await fetch(address);
      return response.ok ? response.text() : undefined;
    });
    assert.match(page, /New client[\s\S]*Contract Number[\s\S]*Initial Credits/);
  });

  await report.check('a client is set up in one step, the page says so, and Slack hears of it', async () => {
    const page = await submit(['2026-118', 'Dent & Sons', '0.12', 'agent_dent', '500']);
    assert.match(page, /is set up/);
    assert.match(page, /500 credits, enough for 41\.66 minutes/);
    const { items } = await talktime.get<{ items: { id: string; settings: object }[] }>(
      '/v1/customers?search=Dent %26',
    );
    assert.equal(items.length, 1);
    assert.equal(await talktime.balance(items[0]!.id), 500);
    await until(() =>
      slack.messages.find(({ channel, text }) => channel === '#clients' && /Dent &amp; Sons|Dent & Sons/.test(text)),
    );
  });

  await report.check('the same contract again changes nothing, and the page says so', async () => {
    assert.match(await submit(['2026-118', 'Dent & Sons', '0.12', 'agent_dent', '500']), /was set up before/);
    const { items } = await talktime.get<{ items: { id: string }[] }>('/v1/customers?search=Dent %26');
    assert.equal(await talktime.balance(items[0]!.id), 500);
  });

  await report.check('an agent that is somebody else’s undoes all of it, and the page says what to do', async () => {
    const page = await submit(['2026-119', 'Copycat', '0.12', 'agent_dent', '500']);
    assert.match(page, /Nothing was set up/);
    assert.match(page, /Call Mapping/);
    const { items } = await talktime.get<{ items: object[] }>('/v1/customers?search=Copycat');
    assert.deepEqual(items, []);
  });
}
