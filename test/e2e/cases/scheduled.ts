/** workflows/monthly-plan-run.json and weekly-margin-report.json, run by hand as their overviews advise. */
import assert from 'node:assert/strict';
import type { Report } from '../report';
import { filledIn, readWorkflow, type World } from '../world';

const ADDRESSES = { from_email: 'talktime@example.com', to_email: 'owner@example.com' };

export async function scheduledCases(report: Report, world: World): Promise<void> {
  await monthlyCases(report, world);
  await weeklyCases(report, world);
}

async function monthlyCases(report: Report, { talktime, n8n, credentials, mail }: World): Promise<void> {
  report.title('workflows/monthly-plan-run.json');
  const run = async (id: string) => {
    const before = mail.mails.length;
    assert.equal(await n8n.runWorkflow(id, 'First of the Month'), 'success');
    assert.equal(mail.mails.length, before + 1);
    return mail.mails.at(-1)!.text;
  };
  let id = '';

  await report.check('each customer with a plan gets it, and one e-mail says so', async () => {
    await talktime.createPlan({ id: 'monthly-200', name: 'Monthly', credits: '200', price: '20' });
    for (const [customer, plans] of [
      ['cus_monthly', ['monthly-200']],
      ['cus_wrong_plan', ['no-such-plan']],
    ] as const)
      await talktime.createCustomer({
        id: customer,
        name: `Customer ${customer}`,
        settings: { ai_credits_enabled: true, price_per_minute: { credits: '12' }, visible_credit_plan_ids: plans },
      });
    id = (await n8n.importWorkflow(filledIn(readWorkflow('monthly-plan-run.json'), ADDRESSES), credentials)).id;

    const text = await run(id);

    assert.equal(await talktime.balance('cus_monthly'), 200);
    assert.match(text, /Subject: Monthly plans: 2 customers/);
    assert.match(text, /- Customer cus_monthly: 200 credits, balance 200/);
    assert.match(text, /- Customer cus_wrong_plan: NOT applied\. There is no plan/);
    return text.split('\r\n\r\n').at(1);
  });

  await report.check('run again in the same month, it changes nothing, and says so', async () => {
    assert.match(await run(id), /- Customer cus_monthly: 200 credits \(this month already\), balance 200/);
    assert.equal(await talktime.balance('cus_monthly'), 200);
  });
}

async function weeklyCases(report: Report, { talktime, n8n, credentials, mail, slack }: World): Promise<void> {
  report.title('workflows/weekly-margin-report.json');

  await report.check(
    "the week's margins come by e-mail, thinnest first, and Slack hears of one that is too thin",
    async () => {
      for (const [customer, cost] of [
        ['cus_monthly', '0.05'],
        ['cus_gated', '0.11'],
      ] as const)
        await talktime.post('/v1/deductions', {
          source: 'call',
          provider: 'own',
          call_id: `margin ${customer}`,
          seconds: '60',
          customer_id: customer,
          cost: { amount: cost, currency: 'USD' },
        });
      const file = filledIn(readWorkflow('weekly-margin-report.json'), ADDRESSES);
      const { id } = await n8n.importWorkflow(file, credentials);

      assert.equal(await n8n.runWorkflow(id, 'Monday Morning'), 'success');

      const text = mail.mails.at(-1)!.text;
      const lines = text.split(/\r?\n/).filter((line) => /: \d+ calls?/.test(line));
      assert.match(lines[0]!, /^cus_gated: 1 call, 1 minutes, paid 0.12, cost 0.11, margin 8.3 %, markup 9.1 %/);
      assert.ok(
        lines.some((line) => /^cus_monthly: .*cost 0.05, margin 58.3 %/.test(line)),
        text,
      );
      assert.deepEqual(
        slack.messages.filter(({ channel }) => channel === '#margins').map((message) => message.text),
        ['Margin of cus_gated over 7 days: 8.3 %.'],
      );
      return lines.join('\n      ');
    },
  );
}
