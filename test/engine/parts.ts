/** Nodes that the workflows of these tests are made of. */
import type { INode } from 'n8n-workflow';
import { node } from './n8n/workflow-file';

export const receiver = node(
  'Webhook',
  'n8n-nodes-base.webhook',
  { httpMethod: 'POST', path: 'calls', responseMode: 'responseNode', options: {} },
  { typeVersion: 2.1, webhookId: '2f1cbb8e-6b2a-4f5e-9d3e-0c7f7f5b9a10' },
);
export const split = node('Split Out', 'n8n-nodes-base.splitOut', { fieldToSplitOut: 'body.calls', options: {} });
export const set = (name: string, fields: Record<string, string>) =>
  node(
    name,
    'n8n-nodes-base.set',
    {
      assignments: {
        assignments: Object.entries(fields).map(([field, value]) => ({
          id: field,
          name: field,
          value,
          type: 'string',
        })),
      },
      options: {},
    },
    { typeVersion: 3.4 },
  );
export const respond = node(
  'Respond to Webhook',
  'n8n-nodes-base.respondToWebhook',
  { respondWith: 'allIncomingItems', options: {} },
  { typeVersion: 1.4 },
);
export const deduct = (settings: Partial<INode> = {}) =>
  node(
    'Deduct Credits',
    'n8n-nodes-talktime.deductCredits',
    {
      source: 'call',
      provider: 'retell',
      callId: '={{ $json.id }}',
      seconds: '={{ $json.seconds }}',
      customer: { __rl: true, mode: 'id', value: '={{ $json.customer }}' },
      callOptions: {},
    },
    settings,
  );
