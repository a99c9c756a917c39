import { createEndpoint, bookMissingCalls, endExhaustedCalls } from '@talktime/core/calls';
import { customerUpdate, endpointCreate, type Provider } from '@talktime/core/contract';
import { addMapping, updateCustomer } from '@talktime/core/customers';
import { verify } from '@talktime/core/ledger';
import { VapiClient } from '@vapi-ai/server-sdk';
import Retell from 'retell-sdk';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';
import { API_KEY, ProviderDouble, type Call } from './provider-double';

const MINUTE = 60_000;

let test: TestDatabase;
let world: World;
let double: ProviderDouble;
beforeAll(async () => void (test = await World.open()));
afterAll(() => test.drop());
beforeEach(async () => {
  double = await ProviderDouble.start();
  world = await World.create(test);
  await world.customer('cus_acme', '100');
  await addMapping(test.database, world.partnerId, PARTNER, {
    kind: 'agent',
    value: 'agent_acme',
    customer_id: 'cus_acme',
  });
});
afterEach(async () => {
  await double.stop();
  expect(double.refused).toEqual([]);
  expect((await verify(test.database, { partnerId: world.partnerId })).findings).toEqual([]);
});

const began = Date.now() - 60 * MINUTE;
const call = (id: string, seconds: number | null, more: Partial<Call> = {}): Call => ({
  id,
  agentId: 'agent_acme',
  startedAt: began,
  seconds,
  ...more,
});
const account = (provider: Provider, api_key = API_KEY) =>
  createEndpoint(
    world.talktime,
    world.partnerId,
    PARTNER,
    endpointCreate.parse({ provider, secrets: ['secret'], api_key }),
  );
const look = (now?: number) => bookMissingCalls(world.talktime, world.partnerId, () => double.url, now);
const authorize = (provider: string, callId: string) =>
  world.talktime.ledger.submit(world.partnerId, {
    kind: 'authorize',
    actor: PARTNER,
    identity: { provider, account: 'default', callId, leg: '' },
    clues: { agentId: 'agent_acme', fromNumber: null, toNumber: null, direction: 'inbound', metadataCustomerId: null },
    customerId: null,
    minimumSeconds: 30,
  });
const held = async () =>
  Number(
    (
      await test.superuser<{ held: bigint }>('select sum(held) as held from talktime.wallets where partner_id = $1', [
        world.partnerId,
      ])
    )[0]!.held,
  );
const age = (minutes: number) =>
  test.superuser(`update talktime.holds set authorized_at = now() - make_interval(mins => $2) where partner_id = $1`, [
    world.partnerId,
    minutes,
  ]);

describe('what stands for the providers’ APIs', () => {
  it('is understood by their own SDKs', async () => {
    double.calls.push(call('call_1', 61), call('call_2', null));
    const retell = new Retell({ apiKey: API_KEY, baseURL: double.url, maxRetries: 0 });
    const page = await retell.call.list({
      filter_criteria: { start_timestamp: { type: 'range', op: 'bt', value: [began - 1, began + 1] } },
      sort_order: 'ascending',
      limit: 500,
    });
    expect(page.items.map((each) => [each.call_id, each.call_status, each.duration_ms])).toEqual([
      ['call_1', 'ended', 61_000],
      ['call_2', 'ongoing', undefined],
    ]);
    expect((await retell.call.retrieve('call_1')).call_cost?.combined_cost).toBe(8.13);
    await retell.call.stop('call_2');

    const vapi = new VapiClient({ token: API_KEY, environment: double.url });
    const listed = await vapi.calls.list({
      createdAtGe: new Date(began - 1).toISOString(),
      createdAtLt: new Date(began + 1).toISOString(),
      limit: 1000,
    });
    expect(listed.map((each) => [each.id, each.status])).toEqual([
      ['call_1', 'ended'],
      ['call_2', 'in-progress'],
    ]);
    expect(listed[1]!.monitor?.controlUrl).toContain('/control/call_2');
    expect(double.ended).toEqual(['call_2']);
  });
});

describe.each(['retell', 'vapi'] as const)('calls of %s whose webhook never came', (provider) => {
  it('are booked, page by page, once, and those that go on are left alone', async () => {
    await account(provider);
    for (let n = 0; n < 5; n++) double.calls.push(call(`call_${n}`, 60, { startedAt: began + n }));
    double.calls.push(call('call_live', null), call('call_nobody', 60, { agentId: 'agent_nobody' }));
    expect(await look()).toEqual({ booked: 6, released: 0 });
    expect(await look()).toEqual({ booked: 0, released: 0 });
    expect(await world.posted('cus_acme')).toBe(40);
    // The live one has ended by the next time.
    double.calls.splice(5, 1, call('call_live', 30));
    expect(await look(Date.now() + 10 * MINUTE)).toEqual({ booked: 1, released: 0 });
    expect(await world.posted('cus_acme')).toBe(34);
  });

  it('are charged once, when the webhook came, or comes late; the API is believed', async () => {
    await account(provider);
    double.calls.push(call('call_1', 66));
    const report = { kind: 'call' as const, actor: PARTNER, startedAt: null, customerId: 'cus_acme' };
    const byWebhook = () =>
      world.talktime.ledger.submit(world.partnerId, {
        ...report,
        identity: { provider, account: 'default', callId: 'call_1', leg: '' },
        facts: { outcome: 'connected', rawMilliseconds: 61_000, cost: null, rank: 2, order: 1 },
        clues: { agentId: null, fromNumber: null, toNumber: null, direction: null, metadataCustomerId: null },
      });
    await byWebhook();
    expect(await world.posted('cus_acme')).toBe(87.8);
    expect(await look()).toEqual({ booked: 0, released: 0 });
    expect(await world.posted('cus_acme')).toBe(86.8); // rev 2 posts 1.0
    await byWebhook();
    expect(await world.posted('cus_acme')).toBe(86.8);
  });

  it('that never happened give their hold back, and those that did capture it', async () => {
    await account(provider);
    double.calls.push(call('call_1', 30, { startedAt: began - 48 * 60 * MINUTE }));
    double.calls.push(call('call_unanswered', 0, { isUnconnected: true, startedAt: began - 48 * 60 * MINUTE }));
    double.calls.push(call('call_live', null));
    await updateCustomer(
      test.database,
      world.partnerId,
      PARTNER,
      'cus_acme',
      customerUpdate.parse({ settings: { max_call_seconds: 60 } }),
    );
    for (const id of ['call_1', 'call_unanswered', 'call_live', 'call_never']) await authorize(provider, id);
    expect(await held()).toBe(48_000_000);
    expect(await look()).toEqual({ booked: 0, released: 0 }); // too young to ask for
    await age(16);
    expect(await look()).toEqual({ booked: 0, released: 1 });
    expect(await held()).toBe(12_000_000); // of the live one
    expect(await world.posted('cus_acme')).toBe(94); // 30 s
  });

  it('wait, with an error that says why, while the provider refuses the key, and nothing is skipped', async () => {
    await account(provider, 'a key that was withdrawn');
    double.calls.push(call('call_1', 60));
    await expect(look()).rejects.toThrow(/answered 401$/);
    double.refused.length = 0;
    const rows = await test.superuser(
      'select 1 from talktime.endpoints where partner_id = $1 and reconciled_until is null',
      [world.partnerId],
    );
    expect(rows).toHaveLength(1);
  });
});

describe.each(['retell', 'vapi'] as const)('live calls of %s', (provider) => {
  const end = () => endExhaustedCalls(world.talktime, world.partnerId, () => double.url);
  const setting = (end_calls_when_exhausted: boolean) =>
    updateCustomer(
      test.database,
      world.partnerId,
      PARTNER,
      'cus_acme',
      customerUpdate.parse({ settings: { end_calls_when_exhausted } }),
    );

  it('are ended when the balance has run out and the setting says so, and no others', async () => {
    await account(provider);
    double.calls.push(
      call('call_live', null),
      call('call_other', null, { agentId: 'agent_other' }),
      call('call_over', 60),
    );
    expect(await end()).toBe(0);
    await setting(true);
    expect(await end()).toBe(0);
    await world.call({ id: 'call_long', seconds: 500, customerId: 'cus_acme' });
    expect(await world.posted('cus_acme')).toBe(0);
    await setting(false);
    expect(await end()).toBe(0);
    await setting(true);
    expect(await end()).toBe(1);
    expect(double.ended).toEqual(['call_live']);
  });

  it('go on as long as their hold covers them, and no longer', async () => {
    await account(provider);
    await setting(true);
    await authorize(provider, 'call_live'); // cap 500 s, all that there is
    double.calls.push(call('call_live', null, { startedAt: Date.now() - 400_000 }));
    expect(await end()).toBe(0);
    double.calls.splice(0, 1, call('call_live', null, { startedAt: Date.now() - 504_000 }));
    expect(await end()).toBe(1);
    expect(double.ended).toEqual(['call_live']);
  });
});

describe('a control URL that is not Vapi’s', () => {
  it('is not called', async () => {
    const { providerApi } = await import('@talktime/core/calls');
    const stranger = await ProviderDouble.start();
    double.calls.push(call('call_1', null));
    const api = providerApi('vapi', { apiKey: API_KEY, url: double.url })!;
    const original = globalThis.fetch;
    globalThis.fetch = async (input, init) => {
      const response = await original(input, init);
      const text = (await response.text()).replaceAll(`${double.url}/control`, `${stranger.url}/control`);
      return new Response(text, { status: response.status, headers: response.headers });
    };
    try {
      await expect(api.endCall('call_1')).rejects.toThrow('not Vapi');
      expect(stranger.ended).toEqual([]);
    } finally {
      globalThis.fetch = original;
      await stranger.stop();
    }
  });
});
