import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createApiKey, Sealer } from '@talktime/core/access';
import { createPartner } from '@talktime/core/customers';
import type { Scope } from '@talktime/core/contract';
import { Ledger } from '@talktime/core/ledger';
import { paymentContext, StripeAccess, type PaymentContext, type StripeOptions } from '@talktime/core/payments';
import { buildApp, type AppOptions } from '../../server/app';
import { createLogger } from '../../server/logging';
import { createMetrics } from '../../server/metrics';
import { createTestDatabase, type TestDatabase } from '../setup/database';

export interface Answer<Body = any> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  readonly text: string;
}

export interface Call {
  readonly key?: string | null;
  readonly partner?: string;
  readonly body?: unknown;
  readonly raw?: string | Buffer;
  readonly headers?: Record<string, string>;
}

/** The API over real HTTP on a fresh database, with a host's key and a partner's. */
export class TestApi {
  private constructor(
    readonly url: string,
    readonly database: TestDatabase,
    readonly hostKey: string,
    readonly partnerId: string,
    readonly key: string,
    readonly log: string[],
    /** What payments work with, if they are set up. */
    readonly payments: PaymentContext | null,
    private readonly close: () => Promise<void>,
  ) {}

  static async start({ stripe, ...options }: Partial<AppOptions> & { stripe?: StripeOptions } = {}): Promise<TestApi> {
    const test = await createTestDatabase();
    const log: string[] = [];
    const talktime = {
      database: test.database,
      ledger: new Ledger(test.database),
      sealer: new Sealer(Buffer.alloc(32, 7)),
    };
    const payments = stripe
      ? paymentContext({
          ...talktime,
          stripe: new StripeAccess(stripe),
          publicUrl: options.publicUrl ?? 'https://talktime.example',
        })
      : null;
    const app = await buildApp({
      talktime,
      payments,
      metrics: createMetrics(),
      logger: createLogger('debug', { write: (line) => void log.push(line) }),
      ...options,
    });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const system = { id: 'system', host: true };
    const host = await createApiKey(test.database, null, system, { name: 'host', scopes: ['host'] });
    const partner = await createPartner(test.database, system, { name: 'Brightline', currency: 'USD' });
    const key = await createApiKey(test.database, partner.id, system, {
      name: 'all of the partner',
      scopes: ['read', 'deduct', 'top-up', 'manage'],
    });
    const { port } = app.server.address() as AddressInfo;
    return new TestApi(`http://127.0.0.1:${port}`, test, host.key, partner.id, key.key, log, payments, async () => {
      await app.close();
      await test.drop();
    });
  }

  stop(): Promise<void> {
    return this.close();
  }

  /** A request with the partner's key unless another is given; `null` sends none. */
  async call(method: string, path: string, call: Call = {}): Promise<Answer> {
    const key = call.key === undefined ? this.key : call.key;
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(call.partner === undefined ? {} : { 'talktime-partner': call.partner }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      body: call.raw ?? (call.body === undefined ? undefined : JSON.stringify(call.body)),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : text };
  }

  get = (path: string, call?: Call) => this.call('GET', path, call);
  post = (path: string, body: unknown, call?: Call) => this.call('POST', path, { ...call, body });
  patch = (path: string, body: unknown, call?: Call) => this.call('PATCH', path, { ...call, body });

  /** The host, for the partner of this test. */
  asHost = (method: string, path: string, body?: unknown) =>
    this.call(method, path, { key: this.hostKey, partner: this.partnerId, body });

  /** A key with these scopes. */
  async keyWith(scopes: Scope[], customerId?: string): Promise<string> {
    const answer = await this.post('/v1/api-keys', {
      name: scopes.join('+'),
      scopes,
      ...(customerId ? { customer_id: customerId } : {}),
    });
    return answer.body.key as string;
  }

  async createCustomer(id: string, settings: object = {}, mappings: object[] = []): Promise<Answer> {
    return this.post('/v1/customers', {
      id,
      name: `The customer ${id}`,
      settings: { ai_credits_enabled: true, price_per_minute: { credits: '12' }, ...settings },
      mappings,
    });
  }

  topUp = (customerId: string, amount: string, key = `top-up ${customerId} ${amount}`) =>
    this.post('/v1/top-ups', { customer_id: customerId, amount, idempotency_key: key });

  /** Everything that money is: to see that nothing of it changed. */
  async ledger(): Promise<string> {
    const [row] = await this.database.superuser<{ ledger: unknown }>(`
      select jsonb_build_object(
        'operations', (select count(*) from talktime.operations),
        'transfers', (select count(*) from talktime.transfers),
        'calls', (select jsonb_agg(c order by c.call_id) from talktime.calls c),
        'outbox', (select count(*) from talktime.outbox),
        'wallets', (select jsonb_agg(w order by w.partner_id, w.wallet_id) from talktime.wallets w)) as ledger`);
    return JSON.stringify(row!.ledger);
  }
}

/** Signs as Retell does: HMAC-SHA256 over the raw body and the moment in milliseconds. */
export function retellSignature(rawBody: string | Buffer, secret: string, at = Date.now()): string {
  return `v=${at},d=${createHmac('sha256', secret).update(rawBody).update(String(at)).digest('hex')}`;
}

/** A call_ended webhook of Retell. */
export function callEnded(call: { call_id: string; seconds: number; agent_id?: string; to_number?: string }): string {
  const start = 1_764_000_000_000;
  return JSON.stringify({
    event: 'call_ended',
    call: {
      call_id: call.call_id,
      call_type: 'phone_call',
      agent_id: call.agent_id ?? 'agent_nobody',
      call_status: 'ended',
      direction: 'inbound',
      from_number: '+14155550123',
      to_number: call.to_number ?? '+14155550199',
      start_timestamp: start,
      end_timestamp: start + call.seconds * 1000,
      duration_ms: call.seconds * 1000,
      disconnection_reason: 'user_hangup',
      transcript: 'Agent: Olá, “São Paulo”…',
      call_cost: { combined_cost: 8.2, total_duration_seconds: call.seconds },
    },
  });
}
