/** What n8n's reviewers, its editor and its AI agents look at, beyond the lint. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';
import {
  authorization,
  customer,
  deductionResult,
  marginRow,
  onboardingResult,
  operation,
  payment,
  planApplied,
  threshold,
  usageRow,
  webhookEvent,
} from '../../core/contract';
import { TalktimeApi } from '../../credentials/TalktimeApi.credentials';
import { ApplyPlan } from '../../nodes/ApplyPlan/ApplyPlan.node';
import { AuthorizeCall } from '../../nodes/AuthorizeCall/AuthorizeCall.node';
import { CheckThreshold } from '../../nodes/CheckThreshold/CheckThreshold.node';
import { Customer } from '../../nodes/Customer/Customer.node';
import { DeductCredits } from '../../nodes/DeductCredits/DeductCredits.node';
import { TalktimeTrigger } from '../../nodes/TalktimeTrigger/TalktimeTrigger.node';
import { TopUp } from '../../nodes/TopUp/TopUp.node';

const ROOT = join(__dirname, '../..');
const NODES: [string, INodeTypeDescription][] = [
  ApplyPlan,
  AuthorizeCall,
  CheckThreshold,
  Customer,
  DeductCredits,
  TalktimeTrigger,
  TopUp,
].map((Node) => [Node.name, new Node().description]);

describe('The names that saved workflows refer to', () => {
  it('never change', () => {
    expect(NODES.map(([, { name, displayName }]) => [name, displayName])).toEqual([
      ['applyPlan', 'Apply Plan'],
      ['authorizeCall', 'Authorize Call'],
      ['checkThreshold', 'Check Threshold'],
      ['customer', 'Customer'],
      ['deductCredits', 'Deduct Credits'],
      ['talktimeTrigger', 'Talktime Trigger'],
      ['topUp', 'Top Up'],
    ]);
    expect(new TalktimeApi().name).toBe('talktimeApi');
  });

  it.each(NODES)('%s: nor do those of its parameters', (_, { properties }) => {
    expect(namesOf(properties)).toMatchSnapshot();
  });
});

describe.each(NODES)('%s', (folder, description) => {
  const path = (file: string) => join(ROOT, 'nodes', folder, file);

  it('is registered, has its codex entry, its icons and its output schema', () => {
    const { n8n } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { n8n: { nodes: string[] } };
    expect(n8n.nodes).toContain(`dist/nodes/${folder}/${folder}.node.js`);
    const codex = JSON.parse(readFileSync(path(`${folder}.node.json`), 'utf8')) as { node: string };
    expect(codex.node).toBe(`n8n-nodes-talktime.${description.name}`);
    const { light, dark } = description.icon as { light: string; dark: string };
    for (const icon of [light, dark]) expect(existsSync(path(icon.replace('file:', '')))).toBe(true);
    expect(existsSync(path('__schema__/v1.0.0.json')) || existsSync(path('__schema__/v1.0.0'))).toBe(true);
  });

  it('says to an AI agent whether it costs money', () => {
    if (description.group.includes('trigger')) return expect(description.usableAsTool).toBeUndefined();
    expect(description.usableAsTool).toBe(true);
    expect(description.description).toMatch(/costs|money/);
  });

  it('explains its fields in plain words, without a word of blame', () => {
    for (const text of textsOf(description.properties))
      expect(text).not.toMatch(/\b(?<!On )(error|problem|failure|mistake)\b/i);
  });
});

describe('The output schemas that the editor shows', () => {
  const [deducted] = deductionResult.options;

  it.each([
    ['ApplyPlan', planApplied.shape],
    ['TopUp/topUp', operation.shape],
    ['TopUp/paymentLink', payment.shape],
    ['CheckThreshold', threshold.shape],
    ['DeductCredits', deducted.shape],
    ['TalktimeTrigger', webhookEvent.shape],
    ['Customer/get', customer.shape],
    ['Customer/getMany', customer.shape],
    ['Customer/createOrUpdate', { ...customer.shape, created: true }],
    ['Customer/getReport', { ...usageRow.shape, ...marginRow.shape, from: true, to: true, currency: true }],
    ['Customer/onboard', onboardingResult.shape],
    ['AuthorizeCall/extend', authorization.shape],
    ['AuthorizeCall/release', authorization.shape],
  ])("%s: the fields of the service's answer", (name, shape) => {
    const [folder, operationName] = name.split('/') as [string, string?];
    const file = operationName ? `v1.0.0/${operationName}.json` : 'v1.0.0.json';
    const schema = JSON.parse(readFileSync(join(ROOT, 'nodes', folder, '__schema__', file), 'utf8')) as {
      properties: object;
    };

    expect(Object.keys(schema.properties).sort()).toEqual(Object.keys(shape).sort());
  });
});

describe('What is published', () => {
  it('takes nothing from the contract but types, so that nothing of the service travels along', () => {
    const sources = readdirSync(join(ROOT, 'nodes'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    for (const file of sources) {
      const imports = readFileSync(join(ROOT, 'nodes', file), 'utf8').match(/^import .*$/gm) ?? [];
      for (const line of imports.filter((text) => text.includes('core/'))) expect(line).toMatch(/^import type /);
    }
  });

  it('has no runtime dependency', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, unknown>;

    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
    expect(manifest.n8n).toMatchObject({ n8nNodesApiVersion: 1, strict: true });
  });
});

function namesOf(properties: INodeProperties[]): string[] {
  return properties
    .flatMap(({ name, options }) => [name, ...collection(options).map((field) => `${name}.${field.name}`)])
    .sort();
}

function textsOf(properties: INodeProperties[]): string[] {
  return properties.flatMap((property) => [
    property.displayName,
    property.description ?? '',
    property.hint ?? '',
    ...textsOf(collection(property.options)),
  ]);
}

function collection(options: INodeProperties['options']): INodeProperties[] {
  return (options ?? []).filter((option): option is INodeProperties => 'displayName' in option && 'type' in option);
}
