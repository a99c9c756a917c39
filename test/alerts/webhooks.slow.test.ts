import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { startDispatcher, webhookQueue, type Dispatcher, type WebhookAddresses } from '@talktime/core/alerts';
import { Sealer } from '@talktime/core/access';
import { Webhook } from 'standardwebhooks';
import { TestApi } from '../server/harness';

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly event: { id: string; type: string; at: string; customer: { id: string; name: string } | null; data: any };
}

/** Somebody's address: takes down what is posted, and answers by script. */
class Listener {
  readonly received: Received[] = [];
  script: (number | 'hang up')[] = [];

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async start(): Promise<Listener> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString('utf8');
      const next = listener.script.shift() ?? 200;
      if (next === 'hang up') return void request.socket.destroy();
      listener.received.push({ headers: request.headers as Record<string, string>, body, event: JSON.parse(body) });
      response.writeHead(next).end('thanks');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const listener = new Listener(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?from=talktime`,
      server,
    );
    return listener;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

let api: TestApi;
let listener: Listener;
const dispatchers: Dispatcher[] = [];
const errors: Error[] = [];

beforeEach(async () => {
  api = await TestApi.start({ webhookAddresses: 'any' });
  listener = await Listener.start();
  await api.createCustomer('cus_acme', { low_credit_threshold: '50', low_credit_notifications_enabled: true }, [
    { kind: 'agent', value: 'agent_acme' },
  ]);
});
afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((each) => each.stop()));
  await listener.stop();
  await api.stop();
  expect(errors.splice(0)).toEqual([]);
});

const dispatch = (addresses: WebhookAddresses = 'any') => {
  const { database, url } = api.database;
  const queue = webhookQueue({ database, sealer: new Sealer(Buffer.alloc(32, 7)), addresses });
  dispatchers.push(
    startDispatcher({ database, url, queue, sweepSeconds: 0.2, onError: (error) => errors.push(error) }),
  );
};
const subscribe = async (events: string[], more: object = {}) =>
  (await api.post('/v1/webhooks', { url: listener.url, events, ...more })).body as { id: string; secret: string };
const until = async (condition: () => boolean | Promise<boolean>) => {
  for (let tries = 0; tries < 400; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`It did not happen within 10 s: ${JSON.stringify(listener.received.map(({ event }) => event.type))}`);
};
const arrived = (count: number) => until(() => listener.received.length >= count);
const types = () => listener.received.map(({ event }) => event.type).sort();
const call = (call_id: string, seconds: string, agent_id = 'agent_acme') =>
  api.post('/v1/deductions', { source: 'call', provider: 'retell', call_id, seconds, agent_id });
const deliveries = async (id: string) => (await api.get(`/v1/webhooks/${id}/deliveries`)).body.items;
/** As if the pauses before the next attempts had passed. */
const makeDue = () =>
  api.database.superuser(
    `update talktime.webhook_deliveries set next_attempt_at = clock_timestamp() where delivered_at is null returning 1`,
  );

describe('an outgoing webhook', () => {
  it('tells what happened, signed so that the standard library accepts it', async () => {
    dispatch();
    const { secret } = await subscribe(['credits.topped_up', 'call.deducted', 'balance.low', 'call.suspended']);
    await api.topUp('cus_acme', '60');
    await call('c1', '61');
    await call('c2', '30', 'agent_nobody');
    await arrived(4);

    expect(types()).toEqual(['balance.low', 'call.deducted', 'call.suspended', 'credits.topped_up']);
    for (const { headers, body, event } of listener.received) {
      expect(new Webhook(secret).verify(body, headers)).toEqual(event);
      expect(headers['webhook-id']).toBe(event.id);
      expect(() => new Webhook(secret).verify(body.replace('"id"', '"iD"'), headers)).toThrow();
    }
    const told = (type: string) => listener.received.find(({ event }) => event.type === type)!.event;
    const customer = { id: 'cus_acme', name: 'The customer cus_acme' };
    expect(told('credits.topped_up')).toMatchObject({ customer, data: { amount: 60, balance_after: 60 } });
    expect(told('call.deducted')).toMatchObject({
      customer,
      data: { amount: -12.2, payer: 'customer', receipt: { billed_seconds: 61, call: { call_id: 'c1' } } },
    });
    expect(told('balance.low')).toMatchObject({
      customer,
      data: { status: 'low', posted: 47.8, low_credit_threshold: 50, minutes_left: 3.98 },
    });
    expect(told('call.suspended')).toMatchObject({
      customer: null,
      data: { provider_call_id: 'c2', reason: 'no_customer', agent_id: 'agent_nobody' },
    });
  });

  it('tells each thing once: a replayed call, top-up or report of a suspended call is no news', async () => {
    dispatch();
    await subscribe(['credits.topped_up', 'call.deducted', 'call.suspended']);
    for (let time = 0; time < 3; time++) {
      await api.topUp('cus_acme', '60');
      await call('c1', '61');
      await call('c2', '30', 'agent_nobody');
    }
    await call('c3', '1');
    await arrived(4);
    expect(types()).toEqual(['call.deducted', 'call.deducted', 'call.suspended', 'credits.topped_up']);
  });

  it('tells recoveries, plans, and levels that a changed setting crosses', async () => {
    dispatch();
    await api.topUp('cus_acme', '40');
    await api.post('/v1/plans', { id: 'pack', name: 'Pack', credits: '100', price: '60' });
    await subscribe(['plan.applied', 'balance.low', 'balance.recovered']);
    await api.patch('/v1/customers/cus_acme', { settings: { low_credit_threshold: '60' } });
    await api.post('/v1/plans/pack/apply', { customer_id: 'cus_acme', idempotency_key: 'p1' });
    await arrived(2);
    // It was low already when the webhook was made: that was told to nobody, and is not told later.
    expect(types()).toEqual(['balance.recovered', 'plan.applied']);
  });

  it('tells only what was asked for, of the customer that was asked for', async () => {
    dispatch();
    await api.createCustomer('cus_other');
    await subscribe(['credits.topped_up'], { customer_id: 'cus_other' });
    await api.topUp('cus_acme', '10');
    await api.topUp('cus_other', '10');
    await api.post('/v1/deductions', { source: 'amount', customer_id: 'cus_other', amount: '1', idempotency_key: 'a' });
    await arrived(1);
    expect(listener.received.map(({ event }) => event.customer?.id)).toEqual(['cus_other']);
  });

  it('is tried again with the same id and body until 2xx, and given up after nine attempts with the reason', async () => {
    dispatch();
    const { id } = await subscribe(['credits.topped_up']);
    listener.script = [500, 'hang up', 404];
    await api.topUp('cus_acme', '10');
    await until(async () => (await deliveries(id))[0]?.last_error === 'HTTP 500 was answered');
    for (const reason of ['ECONNRESET', 'HTTP 404 was answered']) {
      await makeDue();
      await until(async () => (await deliveries(id))[0]?.last_error === reason);
    }
    expect((await deliveries(id))[0]).toMatchObject({ state: 'waiting', attempts: 3 });
    await makeDue();
    await until(async () => (await deliveries(id))[0]?.state === 'delivered');
    expect(new Set(listener.received.map(({ body }) => body)).size).toBe(1);

    listener.script = Array.from({ length: 9 }, () => 500);
    await api.topUp('cus_acme', '11');
    for (let attempt = 1; attempt <= 9; attempt++) {
      await until(
        async () => (await deliveries(id))[0]?.attempts === attempt && (await deliveries(id))[0]?.last_error !== null,
      );
      if (attempt < 9) await makeDue();
    }
    await until(async () => (await deliveries(id))[0]?.state === 'failed');
    expect((await api.get(`/v1/webhooks/${id}`)).body).toMatchObject({ waiting: 0, failed: 1 });

    const { event_id } = (await deliveries(id))[0];
    expect(await api.call('POST', `/v1/webhooks/${id}/deliveries/${event_id}/replay`)).toMatchObject({ status: 200 });
    await until(async () => (await deliveries(id))[0]?.state === 'delivered');
  });

  it('is told once by two replicas, and nothing is lost that came while none ran', async () => {
    await subscribe(['call.deducted']);
    await api.topUp('cus_acme', '5000');
    await Promise.all(Array.from({ length: 60 }, (_, n) => call(`c${n}`, '6')));
    dispatch();
    dispatch();
    await arrived(60);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(listener.received).toHaveLength(60);
    expect(new Set(listener.received.map(({ event }) => event.id)).size).toBe(60);
  });

  it('is forgotten with what it was still to be told', async () => {
    const { id } = await subscribe(['credits.topped_up']);
    await api.topUp('cus_acme', '10');
    expect((await api.get('/v1/webhooks')).body.items).toMatchObject([{ id, waiting: 1 }]);
    expect((await api.call('DELETE', `/v1/webhooks/${id}`)).status).toBe(204);
    dispatch();
    await api.topUp('cus_acme', '20');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(listener.received).toEqual([]);
    expect((await api.get(`/v1/webhooks/${id}`)).body.code).toBe('WEBHOOK_NOT_FOUND');
  });

  it('needs "manage", and a key of the whole partner', async () => {
    const wanted = { url: listener.url, events: ['call.deducted'] };
    expect((await api.post('/v1/webhooks', wanted, { key: await api.keyWith(['read']) })).body.code).toBe(
      'SCOPE_MISSING',
    );
    const limited = await api.keyWith(['manage'], 'cus_acme');
    expect((await api.post('/v1/webhooks', wanted, { key: limited })).body.code).toBe('CUSTOMER_KEY_LIMITED');
    expect((await api.post('/v1/webhooks', { ...wanted, events: ['call.imagined'] })).body.code).toBe(
      'REQUEST_INVALID',
    );
    expect((await api.post('/v1/webhooks', { ...wanted, url: 'ftp://x.example' })).body.code).toBe('REQUEST_INVALID');
    expect((await api.post('/v1/webhooks', { ...wanted, customer_id: 'cus_nobody' })).body.code).toBe(
      'CUSTOMER_NOT_FOUND',
    );
    expect(api.log.join('')).not.toContain('whsec_');
  });
});

describe('with webhooks to the internet alone', () => {
  it('a private address is neither taken nor posted to', async () => {
    const strict = await TestApi.start();
    for (const url of [
      'https://127.0.0.1/x',
      'https://localhost/x',
      'https://[::1]/x',
      'https://10.1.2.3/',
      'http://example.com/',
    ])
      expect((await strict.post('/v1/webhooks', { url, events: ['call.deducted'] })).body.code).toBe(
        'WEBHOOK_ADDRESS_REFUSED',
      );
    await strict.stop();

    // One that was taken while everything was allowed.
    dispatch('public');
    const { id } = await subscribe(['credits.topped_up']);
    await api.topUp('cus_acme', '10');
    await until(async () => (await deliveries(id))[0]?.last_error === 'the address leads to a private network');
    expect(listener.received).toEqual([]);
  });
});
