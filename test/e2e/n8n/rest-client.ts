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
  webhookId?: string;
}

export interface StoredCredential {
  id: string;
  name: string;
}

/** Stored credentials by their type. */
export type Credentials = Readonly<Record<string, StoredCredential>>;

export interface ListPage {
  results: { name: string; value: string }[];
  paginationToken?: string;
}

export class N8nRestClient {
  private cookie = '';

  private constructor(readonly url: string) {}

  /** Signs in as the owner; claims the instance first when it is new. */
  static async signIn(url: string, owner: Pick<typeof OWNER, 'email' | 'password'> = OWNER): Promise<N8nRestClient> {
    const client = new N8nRestClient(url);
    const { userManagement } = await client.get<{ userManagement: { showSetupOnFirstLoad: boolean } }>(
      '/rest/settings',
    );
    if (userManagement.showSetupOnFirstLoad) await client.post('/rest/owner/setup', { ...OWNER, ...owner });
    await client.post('/rest/login', { emailOrLdapLoginId: owner.email, password: owner.password });
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

  async createCredential(name: string, data: object, type = 'talktimeApi'): Promise<StoredCredential> {
    const { id } = await this.post<{ id: string }>('/rest/credentials', { name, type, data });
    return { id, name };
  }

  async updateCredential({ id, name }: StoredCredential, data: object, type = 'talktimeApi'): Promise<void> {
    await this.raw(`/rest/credentials/${id}`, { name, type, data }, 'PATCH');
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

  /** Imports a workflow as a file from disk, with the credentials chosen in the nodes that ask for them, and activates it. */
  async activateWorkflow(file: WorkflowFile, chosen: StoredCredential | Credentials): Promise<string> {
    const { id, versionId } = await this.importWorkflow(file, chosen);
    await this.post(`/rest/workflows/${id}/activate`, { versionId });
    for (const path of webhookPaths(file)) await this.webhookRegistered(path);
    return id;
  }

  /** @param chosen credentials by their type, or the one of Talktime */
  async importWorkflow(
    file: WorkflowFile,
    chosen: StoredCredential | Credentials,
  ): Promise<{ id: string; versionId: string }> {
    const credentials = 'id' in chosen ? { talktimeApi: chosen as StoredCredential } : chosen;
    const nodes = file.nodes.map((node) => ({
      ...node,
      ...(node.credentials && {
        credentials: { ...node.credentials, ...pick(credentials, Object.keys(node.credentials)) },
      }),
    }));
    return await this.post('/rest/workflows', { ...file, nodes, active: false });
  }

  async deactivateWorkflow(id: string): Promise<void> {
    await this.post(`/rest/workflows/${id}/deactivate`, {});
  }

  /** The button "Execute workflow", from one of its triggers. Waits for the end, and gives its status. */
  async runWorkflow(id: string, trigger: string): Promise<string> {
    const { executionId } = await this.post<{ executionId: string }>(`/rest/workflows/${id}/run`, {
      triggerToStartFrom: { name: trigger },
    });
    return await this.ended(executionId);
  }

  /** How an execution ended. */
  async ended(executionId: string): Promise<string> {
    for (let tries = 0; tries < 300; tries += 1) {
      const { status } = await this.get<{ status: string }>(`/rest/executions/${executionId}`);
      if (!['new', 'running', 'waiting'].includes(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`The execution ${executionId} did not end within 30 s`);
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

  private async raw<Answer>(path: string, body?: object, method = body ? 'POST' : 'GET'): Promise<Answer> {
    const response = await fetch(new URL(path, this.url), {
      method,
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

function pick(credentials: Credentials, types: readonly string[]): Credentials {
  return Object.fromEntries(Object.entries(credentials).filter(([type]) => types.includes(type)));
}
