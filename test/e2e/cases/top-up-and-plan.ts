/** Top Up and Apply Plan in one workflow, as after a payment. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { WorkflowFile, WorkflowNode } from '../n8n/rest-client';
import type { Report } from '../report';
import { until } from '../wait';
import type { World } from '../world';

export async function topUpAndPlanCases(report: Report, { talktime, n8n, credential }: World): Promise<void> {
  report.title('Top Up and Apply Plan');
  const pay = async (body: object) => {
    const response = await fetch(`${n8n.url}/webhook/paid`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Record<string, unknown>;
  };

  await report.check('a payment adds its credits and applies a plan', async () => {
    await n8n.activateWorkflow(paidWorkflow(), credential);
    const answer = await pay({ customer: 'cus_cora', amount: '25.5', invoice: 'inv-1' });
    // 100 minutes at 15 credits a minute, after the 25.5
    assert.deepEqual([answer.balance_after, answer.kind, answer.replayed], [1525.5, 'plan', false]);
    assert.equal(await talktime.balance('cus_cora'), 1525.5);
  });

  await report.check('the same invoice again changes nothing', async () => {
    const answer = await pay({ customer: 'cus_cora', amount: '25.5', invoice: 'inv-1' });
    assert.equal(answer.replayed, true);
    assert.equal(await talktime.balance('cus_cora'), 1525.5);
  });

  await report.check('a customer who ran out recovers, and the alert says so', async () => {
    await pay({ customer: 'cus_acme', amount: '500', invoice: 'inv-3' });
    const alert = await until(() => talktime.alertsAbout('Acme Dental').find((box) => box.includes('Recovered')));
    // As the balance stands when it is delivered: after the payment, or after the plan that the workflow applies next.
    assert.match(alert, /(?:475|1,675)\.6 credits/);
  });

  await report.check('another amount under the same Reference is refused, with words that help', async () => {
    const answer = await pay({ customer: 'cus_cora', amount: '99', invoice: 'inv-1' });
    const details = answer.details as { code: string; description: string };
    assert.equal(details.code, 'IDEMPOTENCY_CONFLICT');
    assert.match(details.description, /'Reference' of its own/);
    assert.equal(await talktime.balance('cus_cora'), 1525.5);
    return `"${String(answer.error)}" ${details.description}`;
  });

  await report.check('an unknown customer is named as such', async () => {
    const answer = await pay({ customer: 'cus_nobody', amount: '1', invoice: 'inv-2' });
    assert.equal((answer.details as { code: string }).code, 'CUSTOMER_NOT_FOUND');
    return `"${String(answer.error)}" ${(answer.details as { description: string }).description}`;
  });
}

function paidWorkflow(): WorkflowFile {
  const customer = { __rl: true, mode: 'id', value: "={{ $('Paid').item.json.body.customer }}" };
  const reference = "={{ $('Paid').item.json.body.invoice }}";
  const ours = (name: string, type: string, parameters: object, onError?: string) => ({
    ...node(name, `n8n-nodes-talktime.${type}`, 1, parameters),
    credentials: { talktimeApi: { id: '', name: 'Talktime API' } },
    ...(onError && { onError }),
  });
  return {
    name: 'Paid',
    nodes: [
      {
        ...node('Paid', 'n8n-nodes-base.webhook', 2.1, {
          httpMethod: 'POST',
          path: 'paid',
          responseMode: 'responseNode',
          options: {},
        }),
        webhookId: randomUUID(),
      } as WorkflowNode,
      ours('Top Up', 'topUp', { customer, amount: '={{ $json.body.amount }}', reference }, 'continueErrorOutput'),
      ours('Apply Plan', 'applyPlan', {
        customer,
        plan: { __rl: true, mode: 'list', value: 'minutes-100' },
        reference: `${reference}-plan`,
      }),
      node('Answer', 'n8n-nodes-base.respondToWebhook', 1.4, { respondWith: 'firstIncomingItem', options: {} }),
    ],
    connections: {
      Paid: { main: [[to('Top Up')]] },
      'Top Up': { main: [[to('Apply Plan')], [to('Answer')]] },
      'Apply Plan': { main: [[to('Answer')]] },
    },
    settings: { executionOrder: 'v1' },
  };
}

function node(name: string, type: string, typeVersion: number, parameters: object): WorkflowNode {
  return { id: randomUUID(), name, type, typeVersion, position: [0, 0], parameters } as unknown as WorkflowNode;
}

function to(name: string) {
  return { node: name, type: 'main', index: 0 };
}
