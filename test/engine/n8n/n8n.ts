/**
 * An n8n in this process: its own engine (n8n-core), its own nodes (n8n-nodes-base) and ours. What is between them here is
 * what the rest of n8n does: it takes in webhooks, starts executions, answers, and keeps executions for a retry. It follows
 * webhook-helpers, workflow-runner and execution.service of n8n 2.40.7, without users, queues and a database.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parse as unflatten, stringify as flatten } from 'flatted';
import { ExecutionLifecycleHooks, ExternalSecretsProxy, WebhookContext, WorkflowExecute } from 'n8n-core';
import {
  createRunExecutionData,
  isNodeClassInstance,
  NodeHelpers,
  WEBHOOK_NODE_TYPE,
  Workflow,
  type IExecuteResponsePromiseData,
  type INode,
  type IRunExecutionData,
  type IWebhookData,
  type IWebhookResponseData,
  type IWorkflowBase,
  type IWorkflowExecuteAdditionalData,
  type WorkflowExecuteMode,
} from 'n8n-workflow';
import { CredentialsHelper, type StandIns, type StoredCredentials } from './credentials';
import { Execution } from './execution';
import { answer, readBody, type Answer, type Delivery } from './http';
import { NodeTypes } from './node-types';
import type { WorkflowFile } from './workflow-file';

/** What n8n answered, and what it did. */
export interface Received {
  readonly status: number;
  readonly answer: any;
  readonly execution: Execution;
}

interface Active {
  readonly file: WorkflowFile;
  readonly workflow: Workflow;
  readonly start: INode;
}

export interface N8nOptions {
  readonly credentials: StoredCredentials;
  readonly standIns?: StandIns;
}

export class N8n {
  /** All executions, oldest first. */
  readonly executions: Execution[] = [];
  private readonly nodeTypes = new NodeTypes();
  private readonly active = new Map<string, Active>();
  private readonly pending = new Set<Promise<unknown>>();
  private readonly credentialsHelper: CredentialsHelper;
  private started = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
    { credentials, standIns = {} }: N8nOptions,
  ) {
    this.credentialsHelper = new CredentialsHelper(credentials, standIns);
  }

  static async start(options: N8nOptions): Promise<N8n> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const n8n = new N8n(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => n8n.take(request, response));
    return n8n;
  }

  async stop(): Promise<void> {
    await this.idle();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  /** Waits until nothing runs any more. */
  async idle(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  /** Has a workflow listen for its webhook. Gives the address. */
  activate(file: WorkflowFile): string {
    const start = file.nodes.find(({ type }) => type === WEBHOOK_NODE_TYPE);
    if (start?.parameters.responseMode !== 'responseNode')
      throw new Error('Only workflows that start with a Webhook node and answer by Respond to Webhook can run here');
    const workflow = this.workflowOf(file);
    const { path } = this.webhookOf(workflow, start, this.additionalData(workflow));
    this.active.set(path, { file, workflow, start });
    return `${this.url}/webhook/${path}`;
  }

  /** Posts to a webhook, and waits for the answer and for the end of the execution. */
  async receive(address: string, { body, headers }: Delivery): Promise<Received> {
    const before = this.executions.length;
    const response = await fetch(address, { method: 'POST', headers, body });
    const text = await response.text();
    await this.idle();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    const execution = this.executions[before];
    if (execution === undefined) throw new Error(`No execution was started: HTTP ${response.status} ${text}`);
    return { status: response.status, answer: json ? JSON.parse(text) : text, execution };
  }

  /** "Execute workflow" in the editor, from a trigger that runs here and now. */
  async executeManually(file: WorkflowFile): Promise<Execution> {
    const start = file.nodes.find(({ type }) => this.nodeTypes.getByNameAndVersion(type).trigger !== undefined);
    if (start === undefined) throw new Error('The workflow starts with no trigger');
    const data = createRunExecutionData({
      executionData: { nodeExecutionStack: [{ node: start, data: { main: [[{ json: {} }]] }, source: null }] },
    });
    return this.execute(file, this.workflowOf(file), 'manual', data);
  }

  /** "Retry" in the list of executions: a new execution goes on from the node that failed, with what was stored of the old one. */
  async retry(failed: Execution): Promise<Execution> {
    const data = unflatten(flatten(failed.run.data)) as IRunExecutionData;
    const { resultData } = data;
    delete resultData.error;
    const runs = resultData.runData[resultData.lastNodeExecuted ?? ''];
    if (runs?.at(-1)?.error !== undefined) runs.pop();
    return this.execute(failed.workflow, this.workflowOf(failed.workflow), 'retry', data);
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const work = this.takeWebhook(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error instanceof Error ? error.stack : error));
    });
    this.pending.add(work);
    void work.finally(() => this.pending.delete(work));
  }

  private async takeWebhook(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const found = this.active.get(url.pathname.replace(/^\/webhook\//, ''));
    if (found === undefined) return void response.writeHead(404).end();
    const { file, workflow, start } = found;
    const additionalData = this.additionalData(workflow);
    const httpRequest = Object.assign(request, await readBody(request), {
      params: {},
      query: Object.fromEntries(url.searchParams),
      ips: [],
      ip: request.socket.remoteAddress,
    });
    Object.assign(additionalData, { httpRequest, httpResponse: response });
    const webhook = this.webhookOf(workflow, start, additionalData);
    const context = new WebhookContext(workflow, start, additionalData, 'webhook', webhook, [], null);
    const { workflowData } = await this.runWebhook(start, context);
    if (workflowData === undefined) throw new Error('The Webhook node started nothing');

    const respond = (given: Answer) => {
      if (!response.writableEnded) answer(response, given);
    };
    const data = createRunExecutionData({
      executionData: { nodeExecutionStack: [{ node: start, data: { main: workflowData }, source: null }] },
    });
    const execution = await this.execute(file, workflow, 'webhook', data, (given) => respond(given as Answer));
    if (execution.error !== undefined) respond({ statusCode: 500, body: { message: 'Error in workflow' } });
    respond({ statusCode: 200 });
  }

  private async runWebhook(node: INode, context: WebhookContext): Promise<IWebhookResponseData> {
    const type = this.nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
    // n8n's newer nodes are handed their context, the others are called on it.
    return isNodeClassInstance(type) ? await type.webhook!(context) : await type.webhook!.call(context);
  }

  private async execute(
    file: WorkflowFile,
    workflow: Workflow,
    mode: WorkflowExecuteMode,
    data: IRunExecutionData,
    onResponse?: (response: IExecuteResponsePromiseData) => void,
  ): Promise<Execution> {
    const id = String(++this.started);
    const hooks = new ExecutionLifecycleHooks(mode, id, file as unknown as IWorkflowBase);
    hooks.addHandler('sendResponse', (response) => onResponse?.(response));
    const additionalData = Object.assign(this.additionalData(workflow), { executionId: id, hooks });
    const run = await new WorkflowExecute(additionalData, mode, data).processRunExecutionData(workflow);
    const execution = new Execution(id, file, mode, run);
    this.executions.push(execution);
    return execution;
  }

  private workflowOf({ name, nodes, connections, settings }: WorkflowFile): Workflow {
    const id = Buffer.from(name).toString('hex').slice(0, 16);
    const copy = structuredClone({ nodes, connections });
    return new Workflow({ id, name, ...copy, active: true, nodeTypes: this.nodeTypes, settings });
  }

  private webhookOf(workflow: Workflow, node: INode, additionalData: IWorkflowExecuteAdditionalData): IWebhookData {
    const { description } = this.nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
    const [webhookDescription] = description.webhooks ?? [];
    if (webhookDescription === undefined) throw new Error(`"${node.name}" has no webhook`);
    const value = (field: 'path' | 'isFullPath', fallback?: unknown) =>
      workflow.expression.getSimpleParameterValue(
        node,
        webhookDescription[field] as string | undefined,
        'internal',
        {},
        undefined,
        fallback as string | undefined,
      );
    const path = String(value('path')).replace(/^\/|\/$/g, '');
    return {
      httpMethod: 'POST',
      node: node.name,
      path: NodeHelpers.getNodeWebhookPath(workflow.id, node, path, Boolean(value('isFullPath', false)), false),
      webhookDescription,
      workflowId: workflow.id,
      workflowExecuteAdditionalData: additionalData,
    };
  }

  private additionalData(workflow: Workflow): IWorkflowExecuteAdditionalData {
    const nothing = (what: string) => () => Promise.reject(new Error(`${what} is not part of these tests`));
    return {
      credentialsHelper: this.credentialsHelper,
      externalSecretsProxy: new ExternalSecretsProxy(),
      currentNodeExecutionIndex: 0,
      workflowId: workflow.id,
      executeWorkflow: nothing('A sub-workflow'),
      getRunExecutionData: nothing('Another execution'),
      getRuntimeCredential: nothing('A runtime credential'),
      startRunnerTask: nothing('A task runner') as IWorkflowExecuteAdditionalData['startRunnerTask'],
      logAiEvent: () => undefined,
      variables: {},
      instanceBaseUrl: `${this.url}/`,
      restApiUrl: `${this.url}/rest`,
      formBaseUrl: `${this.url}/form`,
      formWaitingBaseUrl: `${this.url}/form-waiting`,
      formTestBaseUrl: `${this.url}/form-test`,
      webhookBaseUrl: `${this.url}/webhook`,
      webhookWaitingBaseUrl: `${this.url}/webhook-waiting`,
      webhookTestBaseUrl: `${this.url}/webhook-test`,
      mcpBaseUrl: `${this.url}/mcp`,
      mcpTestBaseUrl: `${this.url}/mcp-test`,
    };
  }
}
