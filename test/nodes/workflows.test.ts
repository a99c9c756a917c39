/** Every file in workflows/ is one that a builder can import and n8n would publish. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeHelpers, type IConnections, type INode, type INodeTypeDescription } from 'n8n-workflow';
import { ApplyPlan } from '../../nodes/ApplyPlan/ApplyPlan.node';
import { AuthorizeCall } from '../../nodes/AuthorizeCall/AuthorizeCall.node';
import { CheckThreshold } from '../../nodes/CheckThreshold/CheckThreshold.node';
import { Customer } from '../../nodes/Customer/Customer.node';
import { DeductCredits } from '../../nodes/DeductCredits/DeductCredits.node';
import { TalktimeTrigger } from '../../nodes/TalktimeTrigger/TalktimeTrigger.node';
import { TopUp } from '../../nodes/TopUp/TopUp.node';

const FOLDER = join(__dirname, '../../workflows');
const STICKY = 'n8n-nodes-base.stickyNote';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** A yellow sticky is the default; 7 is white. */
const WHITE = 7;

/** n8n's own nodes that the workflows use. A new one is added here when it is added there. */
const BUILT_IN = [
  ...[
    'aggregate',
    'emailSend',
    'filter',
    'form',
    'formTrigger',
    'if',
    'merge',
    'noOp',
    'respondToWebhook',
    'scheduleTrigger',
    'set',
    'slack',
    'sort',
    'switch',
    'webhook',
  ].map((name) => `n8n-nodes-base.${name}`),
  ...['agent', 'chatTrigger', 'lmChatOpenAi', 'memoryBufferWindow'].map((name) => `@n8n/n8n-nodes-langchain.${name}`),
];
const STARTS = ['webhook', 'formTrigger', 'scheduleTrigger', 'chatTrigger', 'talktimeTrigger'];
const OURS = new Map<string, INodeTypeDescription>(
  [ApplyPlan, AuthorizeCall, CheckThreshold, Customer, DeductCredits, TalktimeTrigger, TopUp].flatMap((Node) => {
    const { description } = new Node();
    const type = `n8n-nodes-talktime.${description.name}`;
    // n8n makes the tool of each node that is usable as one.
    return [type, ...(description.usableAsTool ? [`${type}Tool`] : [])].map((name): [string, INodeTypeDescription] => [
      name,
      description,
    ]);
  }),
);

interface WorkflowFile {
  name: string;
  nodes: INode[];
  connections: IConnections;
  active: boolean;
  settings: { executionOrder: string };
}

const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

it('there are at least twelve', () => expect(FILES.length).toBeGreaterThanOrEqual(12));

describe.each(FILES)('workflows/%s', (file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  const workflow = JSON.parse(text) as WorkflowFile;
  const stickies = workflow.nodes.filter(({ type }) => type === STICKY);
  const nodes = workflow.nodes.filter(({ type }) => type !== STICKY);
  const named = new Map(nodes.map((node) => [node.name, node]));
  const targetsOf = (name: string) => (workflow.connections[name]?.main ?? []).map((output) => output ?? []);

  const isAnswered = (before: string) =>
    nodes.some(
      ({ name, type }) =>
        type === 'n8n-nodes-base.respondToWebhook' &&
        targetsOf(name)
          .flat()
          .some(({ node }) => node === before),
    );

  it('is inactive, ordered as n8n runs it now, and has a title that says what it does', () => {
    expect(workflow).toMatchObject({ active: false, settings: { executionOrder: 'v1' } });
    expect(workflow.name).toMatch(/^[A-Z]\w+ .+ (with|in|to|on|by|for) /);
  });

  it('has nodes of known types, with names and ids of their own', () => {
    for (const { type } of nodes) expect([...BUILT_IN, ...OURS.keys()]).toContain(type);
    expect(new Set(workflow.nodes.map(({ name }) => name)).size).toBe(workflow.nodes.length);
    expect(new Set(workflow.nodes.map(({ id }) => id)).size).toBe(workflow.nodes.length);
    for (const { id } of workflow.nodes) expect(id).toMatch(UUID);
  });

  it('connects nodes that are there, and leaves none alone', () => {
    const reached = new Set<string>();
    const parts = new Set<string>();
    for (const [name, outputs] of Object.entries(workflow.connections)) {
      expect([...named.keys()]).toContain(name);
      for (const [kind, targets] of Object.entries(outputs)) {
        if (kind !== 'main') parts.add(name); // a model, a memory or a tool of an agent
        for (const { node, type } of targets.flatMap((output) => output ?? [])) {
          expect(type).toBe(kind);
          expect([...named.keys()]).toContain(node);
          reached.add(node);
        }
      }
    }
    const starts = nodes.filter(({ type }) => STARTS.includes(type.split('.').pop()!)).map(({ name }) => name);
    expect(starts).toHaveLength(1);
    expect([...named.keys()].filter((name) => !reached.has(name) && !parts.has(name))).toEqual(starts);
  });

  it('is more than a toy: six nodes at least', () => expect(nodes.length).toBeGreaterThanOrEqual(6));

  it('fills in our nodes as their descriptions ask, with a credential to be chosen', () => {
    for (const node of nodes.filter(({ type }) => OURS.has(type))) {
      const description = OURS.get(node.type)!;
      const known = new Set(description.properties.map(({ name }) => name));
      expect(Object.keys(node.parameters).filter((name) => !known.has(name))).toEqual([]);
      const parameters = NodeHelpers.getNodeParameters(
        description.properties,
        node.parameters,
        true,
        false,
        node,
        description,
      );
      const complete = { ...node, parameters: parameters ?? {} };
      expect(NodeHelpers.getNodeParametersIssues(description.properties, complete, description)).toBeNull();
      expect(node.credentials).toEqual({ talktimeApi: { id: '', name: 'Talktime API' } });
      for (const value of Object.values(node.parameters)) {
        if (typeof value === 'object' && value !== null && 'mode' in value) expect(value).toMatchObject({ __rl: true });
      }
    }
  });

  it('answers the webhook on every branch', () => {
    for (const webhook of nodes.filter(({ type }) => type === 'n8n-nodes-base.webhook')) {
      expect(webhook.webhookId).toMatch(UUID);
      if (webhook.parameters.responseMode !== 'responseNode') continue;
      const ends = new Set<string>();
      const follow = (name: string) => {
        const node = named.get(name)!;
        const outputs = targetsOf(name);
        if (node.type === 'n8n-nodes-base.respondToWebhook') return ends.add(node.type); // what follows is after the answer
        const expected = outputsOf(node);
        expect([name, outputs.filter((targets) => targets.length > 0).length]).toEqual([name, expected]);
        return outputs.flat().forEach((target) => follow(target.node));
      };
      follow(webhook.name);
      expect([...ends]).toEqual(['n8n-nodes-base.respondToWebhook']);
    }
  });

  it("keeps the raw body for what passes on a provider's webhook, and does not stop at what is refused", () => {
    const passingOn = nodes.filter(({ type, parameters }) => OURS.has(type) && parameters.source === 'providerWebhook');
    // Behind an answer is the last try: it stops, and n8n retries an execution from the node that stopped it.
    for (const { name, onError } of passingOn)
      expect(onError).toBe(isAnswered(name) ? undefined : 'continueErrorOutput');
    if (passingOn.length === 0) return;
    for (const webhook of nodes.filter(({ type }) => type === 'n8n-nodes-base.webhook'))
      expect(webhook.parameters).toMatchObject({ options: { rawBody: true } });
  });

  it('explains itself: a yellow overview at the top left, white stickies for the sections', () => {
    const [overview, ...sections] = [...stickies].sort((a, b) => a.position[0] - b.position[0]);
    const content = String(overview?.parameters.content);
    const words = content.split(/\s+/).length;
    expect(overview?.parameters.color).toBeUndefined();
    expect(words).toBeGreaterThanOrEqual(100);
    expect(words).toBeLessThanOrEqual(300);
    expect(content).toContain('### How it works');
    expect(content).toContain('### Setup');
    expect(sections.length).toBeGreaterThan(0);
    for (const { parameters } of sections) expect(parameters.color).toBe(WHITE);
    for (const { position } of nodes) expect(position[0]).toBeGreaterThan(overview!.position[0]);
  });

  it('holds no key, no address and nothing personal', () => {
    expect(text).not.toMatch(/\b(tt|key|sk|pk|whsec|xox[a-z])[_-][A-Za-z0-9]{8,}/);
    expect(text).not.toMatch(/https?:\/\/|@[a-z0-9-]+\.[a-z]{2,}|\+\d{8,}/i);
    expect(text).not.toContain('Bearer ');
  });
});

/** How many outputs must lead somewhere, the error output included. */
function outputsOf({ type, parameters, onError }: INode): number {
  const own =
    type === 'n8n-nodes-base.if' || (type === 'n8n-nodes-talktime.authorizeCall' && parameters.splitByDecision)
      ? 2
      : type === 'n8n-nodes-talktime.checkThreshold' && parameters.splitByStatus
        ? 3
        : 1;
  return own + (onError === 'continueErrorOutput' ? 1 : 0);
}
