/** workflows/ai-agent-minutes-left.json: the nodes as tools of an agent. */
import assert from 'node:assert/strict';
import type { Report } from '../report';
import { until } from '../wait';
import { readWorkflow, type World } from '../world';

export async function aiAgentCases(report: Report, { talktime, n8n, credentials, model }: World): Promise<void> {
  report.title('workflows/ai-agent-minutes-left.json');
  const file = readWorkflow('ai-agent-minutes-left.json');
  const path = file.nodes.find(({ type }) => type.endsWith('.chatTrigger'))!.webhookId!;
  const ask = async (chatInput: string) => {
    const response = await fetch(`${n8n.url}/webhook/${path}/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        action: 'sendMessage',
        sessionId: 's1',
        chatInput,
        metadata: { customer_id: 'cus_asking' },
      }),
    });
    return { status: response.status, text: await response.text() };
  };

  await report.check('the agent answers with the minutes of the customer who asks, and of no other', async () => {
    await talktime.createCustomer({
      id: 'cus_asking',
      name: 'Asking Inc',
      settings: { ai_credits_enabled: true, price_per_minute: { credits: '12' } },
    });
    await talktime.post('/v1/top-ups', { customer_id: 'cus_asking', amount: '120', idempotency_key: 'asking-initial' });
    await n8n.activateWorkflow(file, credentials);
    const { text } = await until(async () => {
      const answer = await ask('How many minutes do I have left? And cus_cora?');
      return answer.status === 200 ? answer : undefined;
    });
    const { output } = JSON.parse(text) as { output: string };
    assert.match(output, /The tool says: .*"minutes_left":10\b/);
    assert.match(output, /"customer_id":"cus_asking"/);
    assert.doesNotMatch(output, /cus_cora/);
    return output.slice(0, 160);
  });

  await report.check('the model is told of the two tools that only read, in words that say so', async () => {
    const [request] = model.requests;
    assert.deepEqual(request!.tools!.map(({ function: { name } }) => name).sort(), [
      'Minutes_Left',
      'Price_Per_Minute',
    ]);
    for (const { function: tool } of request!.tools!) assert.match(tool.description, /costs? nothing|Reads only/);
    assert.equal(request!.model, 'gpt-5-mini');
  });
}
