import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IConnections, INode, INodeParameters } from 'n8n-workflow';

const FOLDER = join(__dirname, '../../../workflows');

export interface WorkflowFile {
  readonly name: string;
  readonly nodes: INode[];
  readonly connections: IConnections;
  readonly settings: { executionOrder: 'v1' };
}

/** An example workflow as it is, but for what a builder does after importing it: credentials are chosen. */
export function readWorkflow(file: string): WorkflowFile {
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as WorkflowFile;
}

export function nodeOf({ nodes }: WorkflowFile, name: string): INode {
  const node = nodes.find((each) => each.name === name);
  if (node === undefined) throw new Error(`The workflow has no node "${name}"`);
  return node;
}

/** A node for a workflow that a test makes; ours get the credential. */
export function node(
  name: string,
  type: string,
  parameters: INodeParameters = {},
  settings: Partial<Omit<INode, 'name' | 'parameters'>> = {},
): INode {
  const ours = type.startsWith('n8n-nodes-talktime.');
  return {
    id: randomUUID(),
    name,
    type,
    typeVersion: 1,
    position: [0, 0],
    parameters,
    ...(ours && { credentials: { talktimeApi: { id: '1', name: 'Talktime API' } } }),
    ...settings,
  };
}

/** Nodes and the arrows between them: `{ From: [['To', 'And To'], ['To from the second output']] }`. */
export function workflowOf(nodes: INode[], arrows: Record<string, string[][]>): WorkflowFile {
  const connections: IConnections = Object.fromEntries(
    Object.entries(arrows).map(([from, outputs]) => [
      from,
      { main: outputs.map((targets) => targets.map((to) => ({ node: to, type: 'main', index: 0 }))) },
    ]),
  );
  return { name: 'Test', nodes, connections, settings: { executionOrder: 'v1' } };
}
