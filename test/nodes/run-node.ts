/**
 * Runs a node as n8n does: parameters get their defaults, expressions are evaluated by n8n-workflow itself, and requests go out over real HTTP with
 * the credential's own authentication. Only the wiring of the execution context is ours; test/e2e runs the same nodes in a real n8n.
 */
import {
  NodeApiError,
  NodeHelpers,
  Workflow,
  type IBinaryKeyData,
  type ICredentialDataDecryptedObject,
  type IDataObject,
  type IExecuteFunctions,
  type IHttpRequestOptions,
  type ILoadOptionsFunctions,
  type INode,
  type INodeExecutionData,
  type INodeType,
  type INodeTypes,
  type JsonObject,
  type NodeExecutionHint,
} from 'n8n-workflow';
import { TalktimeApi } from '../../credentials/TalktimeApi.credentials';

export interface Run {
  parameters?: IDataObject;
  items?: { json: IDataObject; binary?: IBinaryKeyData }[];
  /** "On Error" in the node's settings. */
  onError?: 'stopWorkflow' | 'continueRegularOutput';
  credential: ICredentialDataDecryptedObject;
}

export interface RunResult {
  outputs: INodeExecutionData[][];
  hints: NodeExecutionHint[];
}

export const API_KEY = 'tt_secret_of_the_test';

export async function runNode(type: INodeType, run: Run): Promise<RunResult> {
  const hints: NodeExecutionHint[] = [];
  const context = executionContext(type, run, hints);
  const outputs = (await type.execute!.call(context)) as INodeExecutionData[][];
  return { outputs, hints };
}

/** What the run threw. */
export async function failureOf(
  type: INodeType,
  run: Run,
): Promise<Error & { description?: string; httpCode?: string; context?: IDataObject }> {
  try {
    await runNode(type, run);
  } catch (error) {
    return error as Error;
  }
  throw new Error('The node was expected to fail, and did not');
}

/** A raw body in the place where n8n's Webhook node puts it. */
export function rawBody(bytes: Buffer | string, field = 'data'): IBinaryKeyData {
  return { [field]: { data: Buffer.from(bytes).toString('base64'), mimeType: 'application/json' } };
}

export function loadOptionsContext(type: INodeType, credential: ICredentialDataDecryptedObject): ILoadOptionsFunctions {
  const node = nodeOf(type, {});
  return {
    getNode: () => node,
    getCredentials: async () => credential,
    helpers: requestHelpers(node, credential),
  } as unknown as ILoadOptionsFunctions;
}

function executionContext(
  type: INodeType,
  { parameters = {}, items = [{ json: {} }], onError, credential }: Run,
  hints: NodeExecutionHint[],
) {
  const node = nodeOf(type, parameters);
  const nodeTypes = {
    getByName: () => type,
    getByNameAndVersion: () => type,
    getKnownTypes: () => ({}),
  } as unknown as INodeTypes;
  const workflow = new Workflow({ id: 'test', nodes: [node], connections: {}, active: false, nodeTypes });
  return {
    getNode: () => node,
    getInputData: () => items,
    continueOnFail: () => onError === 'continueRegularOutput',
    addExecutionHints: (...added: NodeExecutionHint[]) => hints.push(...added),
    getCredentials: async () => credential,
    getNodeParameter: (name: string, itemIndex: number, fallback?: unknown) => {
      const value = node.parameters[name];
      if (value === undefined) return fallback;
      return workflow.expression.getParameterValue(value, null, 0, itemIndex, node.name, items, 'manual', {});
    },
    helpers: {
      ...requestHelpers(node, credential),
      getBinaryDataBuffer: async (itemIndex: number, field: string) =>
        Buffer.from(items[itemIndex]?.binary?.[field]?.data ?? '', 'base64'),
    },
  } as unknown as IExecuteFunctions;
}

function nodeOf(type: INodeType, parameters: IDataObject): INode {
  const { description } = type;
  const node: INode = {
    id: 'node',
    name: description.displayName,
    type: description.name,
    typeVersion: 1,
    position: [0, 0],
    parameters: {},
  };
  const given = parameters as INode['parameters'];
  node.parameters = NodeHelpers.getNodeParameters(description.properties, given, true, false, node, description) ?? {};
  return node;
}

function requestHelpers(node: INode, credential: ICredentialDataDecryptedObject) {
  return {
    httpRequestWithAuthentication: async (credentialType: string, options: IHttpRequestOptions) => {
      if (credentialType !== new TalktimeApi().name) throw new Error(`Unknown credential ${credentialType}`);
      const url = new URL(options.url);
      for (const [name, value] of Object.entries(options.qs ?? {})) url.searchParams.set(name, String(value));
      const response = await fetch(url, {
        method: options.method,
        headers: {
          ...(options.headers as Record<string, string>),
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...authentication(credential),
        },
        body: options.body === undefined ? undefined : JSON.stringify(options.body),
        redirect: options.disableFollowRedirect ? 'manual' : 'follow',
      }).catch((error: unknown) => {
        // As n8n does it: axios names the code on the error itself, and n8n wraps that with its own words.
        const cause = (error as { cause: { message: string; code: string } }).cause;
        throw new NodeApiError(
          node,
          Object.assign(new Error(cause.message), { code: cause.code }) as unknown as JsonObject,
        );
      });
      const text = await response.text();
      return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: parsed(text) };
    },
  };
}

function authentication(credential: ICredentialDataDecryptedObject): Record<string, string> {
  const headers = new TalktimeApi().authenticate.properties.headers ?? {};
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      String(value).replace(/^=/, '').replace('{{$credentials.apiKey}}', String(credential.apiKey)),
    ]),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
