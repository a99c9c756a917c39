import { TestApi } from '../server/harness';
import type { StandIns, StoredCredentials } from './n8n/credentials';
import { N8n, type Received } from './n8n/n8n';
import type { WorkflowFile } from './n8n/workflow-file';
import { Wire } from './wire';

export interface Customer {
  readonly id: string;
  readonly agent: string;
  readonly number: string;
}

/** The real service on a database of its own, and an n8n that reaches it by a wire. */
export class World {
  private customers = 0;

  private constructor(
    readonly api: TestApi,
    readonly wire: Wire,
    readonly n8n: N8n,
  ) {}

  static async start(more: { credentials?: StoredCredentials; standIns?: StandIns } = {}): Promise<World> {
    const api = await TestApi.start({ webhookAddresses: 'any' });
    const wire = await Wire.to(api.url);
    const talktimeApi = { baseUrl: wire.url, apiKey: api.key };
    const n8n = await N8n.start({ credentials: { talktimeApi, ...more.credentials }, standIns: more.standIns });
    return new World(api, wire, n8n);
  }

  async stop(): Promise<void> {
    await this.n8n.stop();
    await this.wire.close();
    await this.api.stop();
  }

  /** A customer at 12 credits a minute with an agent and a number of its own, who is told below 50 credits. */
  async customer(posted: string, settings: object = {}): Promise<Customer> {
    const n = ++this.customers;
    const customer = { id: `cus_${n}`, agent: `agent_${n}`, number: `+1415555${1000 + n}` };
    const levels = { low_credit_threshold: '50', low_credit_notifications_enabled: true };
    await this.done(
      this.api.createCustomer(customer.id, { ...levels, ...settings }, [
        { kind: 'agent', value: customer.agent },
        { kind: 'phone_number', value: customer.number },
      ]),
    );
    if (Number(posted) > 0) await this.done(this.api.topUp(customer.id, posted));
    return customer;
  }

  async endpoint(endpoint: { provider: string; secrets: string[]; settings?: object }): Promise<void> {
    await this.done(this.api.post('/v1/endpoints', endpoint));
  }

  /** Activates a workflow that a test made, and posts to it. */
  async post(workflow: WorkflowFile, body: object): Promise<Received> {
    const headers = { 'content-type': 'application/json' };
    return this.n8n.receive(this.n8n.activate(workflow), { body: JSON.stringify(body), headers });
  }

  async posted({ id }: Customer): Promise<number> {
    return (await this.balance({ id })).posted;
  }

  async balance({ id }: { id: string }): Promise<{ posted: number; held: number; available: number }> {
    return (await this.done(this.api.get(`/v1/balance?customer_id=${id}`))).body;
  }

  /** What was used of a customer's credits, oldest first: the call (or the note of an amount) and the credits. */
  async used({ id }: Customer): Promise<[string, number][]> {
    const used: [string, number][] = [];
    let cursor = '';
    do {
      const { body } = await this.done(this.api.get(`/v1/statement?customer_id=${id}&limit=100${cursor}`));
      for (const { type, amount, call, note } of body.lines)
        if (type === 'Used') used.push([call === null ? note : `${call.provider} ${call.call_id}`, amount]);
      cursor = body.next_cursor === null ? '' : `&cursor=${encodeURIComponent(body.next_cursor)}`;
    } while (cursor !== '');
    return used.reverse();
  }

  private async done<Answer extends { status: number; text: string }>(answering: Promise<Answer>): Promise<Answer> {
    const answer = await answering;
    if (answer.status >= 300) throw new Error(`The service answered ${answer.status}: ${answer.text}`);
    return answer;
  }
}
