/**
 * `npm run bench:n8n`: what Deduct Credits costs in a real n8n. The same webhook, answered by Webhook -> Deduct Credits ->
 * Respond against the real service, and by Webhook -> HTTP Request (to a local address that answers at once) -> Respond; one
 * after the other, in turns, so that both meet the same machine. And 1,000 items in one execution.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { send, signedWebhook } from '../e2e/retell';
import { RETELL_SECRET, withWorld, type World } from '../e2e/world';
import type { WorkflowFile, WorkflowNode } from '../e2e/n8n/rest-client';
import { percentile } from './measure';

const WARM_UP = 30;
const ROUNDS = 200;
const ITEMS = 1000;
const say = (line: string) => void process.stdout.write(`${line}\n`);

void withWorld(say, async (world) => {
  const trivial = await startTrivialServer();
  const { n8n, credential, talktime } = world;
  await talktime.post('/v1/top-ups', { customer_id: 'cus_acme', amount: '100000', idempotency_key: 'bench' });
  const deduct = ours({ source: 'providerWebhook', webhookProvider: 'retell', webhookOptions: {} });
  await n8n.activateWorkflow(workflow('bench-deduct', [deduct]), credential);
  const request = node('Request', 'n8n-nodes-base.httpRequest', 4.2, {
    method: 'POST',
    url: trivial.url,
    sendBody: true,
    specifyBody: 'json',
    jsonBody: '={{ JSON.stringify($json.body) }}',
    options: {},
  });
  await n8n.activateWorkflow(workflow('bench-http', [request]), credential);

  const times = { deduct: [] as number[], http: [] as number[] };
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    for (const kind of round % 2 === 0 ? (['deduct', 'http'] as const) : (['http', 'deduct'] as const)) {
      const milliseconds = await run(world, `bench-${kind}`, `bench_${kind}_${round}`);
      if (round >= 0) times[kind].push(milliseconds);
    }
  }
  for (const kind of ['deduct', 'http'] as const) {
    times[kind].sort((a, b) => a - b);
    const [p50, p95] = [percentile(times[kind], 0.5), percentile(times[kind], 0.95)];
    say(`${kind.padEnd(7)} median ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms (${ROUNDS} executions)`);
  }

  const before = await talktime.balance('cus_acme');
  const many = ours({ source: 'call', provider: 'retell', callId: '={{ $json.id }}', seconds: '5', customer: byId });
  await n8n.activateWorkflow(workflow('bench-many', [split, many], 'allIncomingItems'), credential);
  const items = Array.from({ length: ITEMS }, (_, n) => ({ id: `many_${n}` }));
  const started = performance.now();
  const response = await fetch(`${n8n.url}/webhook/bench-many`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ items }),
  });
  const answered = (await response.json()) as { outcome: string }[];
  const seconds = (performance.now() - started) / 1000;
  const charged = before - (await talktime.balance('cus_acme'));
  say(`${answered.length} items in one execution: ${seconds.toFixed(2)} s, ${charged} credits charged`);
  await trivial.close();
  const ratio = percentile(times.deduct, 0.5) / percentile(times.http, 0.5);
  const right =
    answered.length === ITEMS && charged === ITEMS && answered.every(({ outcome }) => outcome === 'deducted');
  say(
    JSON.stringify({
      deduct_vs_http: Number(ratio.toFixed(3)),
      deduct_p50_ms: Number(percentile(times.deduct, 0.5).toFixed(1)),
      http_p50_ms: Number(percentile(times.http, 0.5).toFixed(1)),
      thousand_items_seconds: Number(seconds.toFixed(2)),
    }),
  );
  return right ? 0 : 1;
}).then((code) => {
  process.exitCode = code;
});

async function run({ n8n }: World, path: string, id: string): Promise<number> {
  const webhook = await signedWebhook({ id, agentId: 'agent_acme', milliseconds: 5_000 }, RETELL_SECRET);
  const started = performance.now();
  const { status } = await send(`${n8n.url}/webhook/${path}`, webhook);
  if (status !== 200) throw new Error(`${path} answered ${status}`);
  return performance.now() - started;
}

/** Answers any POST with a small JSON, at once. */
async function startTrivialServer(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume().on('end', () => {
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"received":true}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const byId = { __rl: true, mode: 'id', value: 'cus_acme' };
const split = node('Split', 'n8n-nodes-base.splitOut', 1, { fieldToSplitOut: 'body.items', options: {} });

function ours(parameters: object): WorkflowNode {
  const talktimeApi = { id: '', name: 'Talktime API' };
  return { ...node('Deduct', 'n8n-nodes-talktime.deductCredits', 1, parameters), credentials: { talktimeApi } };
}

/** Webhook -> the given nodes -> Respond. */
function workflow(path: string, between: WorkflowNode[], respondWith = 'firstIncomingItem'): WorkflowFile {
  const webhook = node('Webhook', 'n8n-nodes-base.webhook', 2.1, {
    httpMethod: 'POST',
    path,
    responseMode: 'responseNode',
    options: { rawBody: true },
  });
  const respond = node('Respond', 'n8n-nodes-base.respondToWebhook', 1.4, { respondWith, options: {} });
  const nodes = [{ ...webhook, webhookId: randomUUID() }, ...between, respond];
  const links = nodes.slice(0, -1).map(({ name }, index) => {
    const main = [[{ node: nodes[index + 1]!.name, type: 'main', index: 0 }]];
    return [name, { main }] as const;
  });
  return { name: path, nodes, connections: Object.fromEntries(links), settings: { executionOrder: 'v1' } };
}

function node(name: string, type: string, typeVersion: number, parameters: object): WorkflowNode {
  return { id: randomUUID(), name, type, typeVersion, position: [0, 0], parameters } as unknown as WorkflowNode;
}
