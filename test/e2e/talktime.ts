/** The service as an operator starts it (`npm start`), on a database of its own, and a client of its API. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from '../../core/database/embedded';
import type { ApiKey, Balance, Customer, Endpoint, Plan, Statement, SuspendedCall } from '../../core/contract';
import { startChild, type Child } from './children';

const START_TIMEOUT_MS = 60_000;

export interface TalktimeOptions {
  readonly repository: string;
  readonly folder: string;
  readonly databaseUrl: string;
}

export class Talktime {
  private child!: Child;
  private printedBefore = '';
  hostKey = '';
  partnerKey = '';
  partnerId = '';

  private constructor(
    private readonly options: TalktimeOptions,
    private readonly port: number,
    private readonly sealKey: string,
  ) {}

  /** Starts on an empty database, and reads the first keys from what it prints. */
  static async start(options: TalktimeOptions): Promise<Talktime> {
    const talktime = new Talktime(options, await freePort(), randomBytes(32).toString('base64'));
    await talktime.start();
    const read = (pattern: RegExp): string => {
      const found = talktime.child.output().match(pattern)?.[1];
      if (found === undefined) throw new Error(`The service did not print ${pattern}:\n${talktime.child.output()}`);
      return found;
    };
    talktime.hostKey = read(/Host key +(tt_\S+)/);
    talktime.partnerKey = read(/Partner key +(tt_\S+)/);
    talktime.partnerId = read(/Partner {2,}(\S+)/);
    return talktime;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The alerts about a customer, oldest first: without a Slack token the service draws them in its console. */
  alertsAbout(customerName: string): string[] {
    const printed = this.printedBefore + this.child.output();
    return (printed.match(/╭[^╯]*╯/g) ?? []).filter((box) => box.includes(customerName));
  }

  async start(): Promise<void> {
    const { repository, folder, databaseUrl } = this.options;
    this.child = startChild({
      name: 'talktime',
      command: process.execPath,
      args: [require.resolve('tsx/cli'), 'server/main.ts'],
      cwd: repository,
      logFile: join(folder, 'talktime.log'),
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        DATABASE_URL: databaseUrl,
        TALKTIME_SEAL_KEY: this.sealKey,
        PORT: String(this.port),
        LOG_LEVEL: 'warn',
        // n8n, which a Talktime Trigger has webhooks sent to, is on this machine.
        WEBHOOK_ADDRESSES: 'any',
        NO_COLOR: '1',
        // Set, though empty, so that a developer's .env does not fill them in.
        SLACK_BOT_TOKEN: '',
        SLACK_SIGNING_SECRET: '',
      },
    });
    await this.child.printed(/Talktime runs\.[\s\S]*Ctrl-C/, START_TIMEOUT_MS);
  }

  async stop(): Promise<void> {
    await this.child.stop();
    this.printedBefore += this.child.output();
  }

  async post<Answer = unknown>(path: string, body: object, key = this.partnerKey): Promise<Answer> {
    return await this.ask('POST', path, body, key);
  }

  async patch<Answer = unknown>(path: string, body: object): Promise<Answer> {
    return await this.ask('PATCH', path, body, this.partnerKey);
  }

  async get<Answer>(path: string): Promise<Answer> {
    return await this.ask('GET', path, undefined, this.partnerKey);
  }

  createCustomer(customer: object): Promise<Customer> {
    return this.post('/v1/customers', customer);
  }

  createEndpoint(secret: string): Promise<Endpoint> {
    return this.post('/v1/endpoints', { provider: 'retell', secrets: [secret] });
  }

  createPlan(plan: object): Promise<Plan> {
    return this.post('/v1/plans', plan);
  }

  createApiKey(name: string, scopes: string[]): Promise<ApiKey & { key: string }> {
    return this.post('/v1/api-keys', { name, scopes });
  }

  async balance(customerId: string): Promise<number> {
    return (await this.get<Balance>(`/v1/balance?customer_id=${customerId}`)).posted;
  }

  async partnerBalance(): Promise<number> {
    return (await this.get<Balance>('/v1/balance?wallet=partner')).posted;
  }

  async statement(customerId: string): Promise<Statement['lines']> {
    return (await this.get<Statement>(`/v1/statement?customer_id=${customerId}`)).lines;
  }

  async suspense(): Promise<SuspendedCall[]> {
    return (await this.get<{ items: SuspendedCall[] }>('/v1/suspense')).items;
  }

  private async ask<Answer>(method: string, path: string, body: object | undefined, key: string): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(key === this.hostKey && { 'talktime-partner': this.partnerId }),
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The service answered ${response.status} to ${method} ${path}: ${text}`);
    return JSON.parse(text) as Answer;
  }
}
