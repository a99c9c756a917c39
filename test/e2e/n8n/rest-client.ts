/** n8n's own REST interface, as its editor uses it: what a user would click, without a browser. */
const OWNER = { email: 'builder@example.com', password: 'Builder-2026', firstName: 'Bo', lastName: 'Builder' };

export interface WorkflowFile {
  name: string;
  nodes: WorkflowNode[];
  connections: Record<string, { main?: ({ node: string; type: string; index: number }[] | null)[] }>;
  settings?: object;
}

export interface WorkflowNode {
  id: string;
  name: string;
  type: string;
  typeVersion: number;
  parameters: Record<string, unknown>;
  credentials?: Record<string, { id: string; name: string }>;
  onError?: string;
}

export interface StoredCredential {
  id: string;
  name: string;
}

export interface ListPage {
  results: { name: string; value: string }[];
  paginationToken?: string;
}

export class N8nRestClient {
  private cookie = '';

  private constructor(readonly url: string) {}

  /** Claims the new instance, and signs in. */
  static async setUp(url: string): Promise<N8nRestClient> {
    const client = new N8nRestClient(url);
    await client.post('/rest/owner/setup', OWNER);
    await client.post('/rest/login', { emailOrLdapLoginId: OWNER.email, password: OWNER.password });
    return client;
  }

  async nodeTypes(): Promise<{ name: string; displayName: string; codex?: object; iconUrl?: unknown }[]> {
    return await this.raw('/types/nodes.json');
  }

  /** A file that n8n serves, such as an icon or an output schema. */
  async file(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(new URL(path, this.url), { headers: { cookie: this.cookie } });
    return { status: response.status, text: await response.text() };
  }

  async createCredential(name: string, data: Record<string, string>): Promise<StoredCredential> {
    const { id } = await this.post<{ id: string }>('/rest/credentials', { name, type: 'talktimeApi', data });
    return { id, name };
  }

  /** The test button of a credential. */
  async testCredential(
    credential: StoredCredential,
    data: Record<string, string>,
  ): Promise<{ status: string; message: string }> {
    return await this.post('/rest/credentials/test', { credentials: { ...credential, type: 'talktimeApi', data } });
  }

  /** The list of a resource locator, as it opens in the panel or is searched. */
  async listSearch(
    node: string,
    methodName: string,
    credential: StoredCredential,
    { filter, paginationToken }: { filter?: string; paginationToken?: string } = {},
  ): Promise<ListPage> {
    return await this.post('/rest/dynamic-node-parameters/resource-locator-results', {
      path: 'parameters.list',
      methodName,
      nodeTypeAndVersion: { name: node, version: 1 },
      currentNodeParameters: {},
      credentials: { talktimeApi: credential },
      ...(filter === undefined ? {} : { filter }),
      ...(paginationToken === undefined ? {} : { paginationToken }),
    });
  }

  /** Imports a workflow as a file from disk, with the credential chosen in each of our nodes, and activates it. */
  async activateWorkflow(file: WorkflowFile, credential: StoredCredential): Promise<string> {
    const nodes = file.nodes.map((node) =>
      node.credentials?.talktimeApi ? { ...node, credentials: { ...node.credentials, talktimeApi: credential } } : node,
    );
    const { id, versionId } = await this.post<{ id: string; versionId: string }>('/rest/workflows', {
      ...file,
      nodes,
      active: false,
    });
    await this.post(`/rest/workflows/${id}/activate`, { versionId });
    for (const path of webhookPaths(file)) await this.webhookRegistered(path);
    return id;
  }

  /** n8n answers the activation before the webhook's address works. */
  private async webhookRegistered(path: string): Promise<void> {
    const headers = { origin: this.url, 'access-control-request-method': 'POST' };
    for (let tries = 0; tries < 100; tries += 1) {
      const response = await fetch(new URL(`/webhook/${path}`, this.url), { method: 'OPTIONS', headers });
      if (response.headers.get('access-control-allow-methods')?.includes('POST')) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`n8n did not register the webhook /webhook/${path} within 10 s`);
  }

  async executions(workflowId: string): Promise<{ id: string; status: string }[]> {
    const filter = encodeURIComponent(JSON.stringify({ workflowId }));
    const { results } = await this.get<{ results: { id: string; status: string }[] }>(
      `/rest/executions?filter=${filter}`,
    );
    return results;
  }

  private async get<Answer>(path: string): Promise<Answer> {
    return (await this.raw<{ data: Answer }>(path)).data;
  }

  private async post<Answer>(path: string, body: object): Promise<Answer> {
    return (await this.raw<{ data: Answer }>(path, body)).data;
  }

  private async raw<Answer>(path: string, body?: object): Promise<Answer> {
    const response = await fetch(new URL(path, this.url), {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', cookie: this.cookie },
      body: body && JSON.stringify(body),
    });
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    if (cookies.length > 0) this.cookie = cookies.join('; ');
    const text = await response.text();
    if (!response.ok) throw new Error(`n8n answered ${response.status} to ${path}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as Answer;
  }
}

function webhookPaths({ nodes }: WorkflowFile): string[] {
  return nodes.filter(({ type }) => type === 'n8n-nodes-base.webhook').map(({ parameters }) => String(parameters.path));
}
