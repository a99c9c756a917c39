import { exportUsage } from '@talktime/core/payments';
import { NO_CLUES } from '@talktime/core/calls';
import type { Database } from '@talktime/core/database';
import fc from 'fast-check';
import { Till } from './till';

const HOUR = 60 * 60 * 1000;

let till: Till;
/** How far Stripe's clock, and the exporter's, are ahead of the database's. */
let ahead = 0;
const now = () => Date.now() + ahead;

beforeAll(async () => {
  till = await Till.open({ now });
  await till.api.call('POST', '/v1/metering/set-up');
});
afterAll(() => till.close());
afterEach(() => {
  ahead = 0;
  till.stripe.clearFaults();
});

async function metered(id: string): Promise<string> {
  await till.customer(id, { overdraft: '1000000' });
  const { status } = await till.api.call('PUT', `/v1/customers/${id}/billing`, { body: { billing: 'metered' } });
  expect(status).toBe(200);
  return id;
}

let calls = 0;

/** A call's end; told once more with another order, a revision of it. */
async function call(customerId: string, seconds: number, id = `call-${++calls}`, order = 1): Promise<string> {
  const { result } = await till.api.payments!.ledger.submit(till.api.partnerId, {
    kind: 'call',
    actor: { id: 'test', host: true },
    identity: { provider: 'retell', account: 'default', callId: id, leg: '' },
    facts: { outcome: 'connected', rawMilliseconds: seconds * 1000, cost: null, rank: 2, order },
    startedAt: null,
    clues: NO_CLUES,
    customerId,
  });
  return 'operation_id' in result ? result.operation_id : '';
}

const reverse = (operation_id: string, amount?: string) =>
  till.host('POST', '/v1/reversals', { operation_id, amount, idempotency_key: till.key() });

const use = (customer_id: string, amount: string) =>
  till.api.call('POST', '/v1/deductions', {
    body: { source: 'amount', customer_id, amount, idempotency_key: till.key() },
  });

const tell = (database: Database = till.api.payments!.database) =>
  exportUsage({ database, stripe: till.api.payments!.stripe }, till.api.partnerId, new AbortController().signal, now);

/** As if the time for another try had come, and the leases of whoever died had run out. */
const later = () =>
  till.api.database.superuser(
    `update talktime.metered_stretches
     set next_try_at = clock_timestamp(), claimed_until = case when claimed_until is null then null else clock_timestamp() - interval '1 second' end`,
  );

async function eventsOf(customer: string) {
  const [row] = await till.api.database.superuser<{ stripe_customer: string }>(
    `select stripe_customer from talktime.stripe_customers join talktime.customers using (partner_id, wallet_id) where customer_id = $1`,
    [customer],
  );
  return till.stripe.state.host.meterUses.filter((each) => each.customer === row?.stripe_customer);
}

/** What Stripe would bill, in microcredits. */
async function atStripe(customer: string): Promise<number> {
  return (await eventsOf(customer)).reduce((sum, { value, canceled }) => (canceled ? sum : sum + value), 0);
}

/** What the ledger says was used, of a customer who has bought nothing. */
async function used(customer: string): Promise<number> {
  return 0 - Math.round((await till.posted(customer)) * 1_000_000);
}

async function report(query = ''): Promise<any> {
  return (await till.api.call('GET', `/v1/reports/metering${query}`)).body;
}

const rowOf = async (customer: string) =>
  (await report()).rows.find((row: { customer_id: string }) => row.customer_id === customer);

/** A database that is gone after so many transactions. */
function dyingAfter(transactions: number): Database {
  const database = till.api.payments!.database;
  let left = transactions;
  return Object.assign(Object.create(database) as Database, {
    asPartner: (partnerId: string, work: Parameters<Database['asPartner']>[1]) =>
      left-- > 0 ? database.asPartner(partnerId, work) : Promise.reject(new Error('killed')),
  });
}

describe('setting up', () => {
  it('makes one meter, and finds it again', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => till.api.call('POST', '/v1/metering/set-up')));
    const [{ body }] = answers as [(typeof answers)[0]];
    for (const answer of answers) expect(answer).toMatchObject({ status: 200, body });
    expect(till.stripe.all('meter')).toMatchObject([
      {
        id: body.meter_id,
        event_name: 'talktime_microcredits',
        default_aggregation: { formula: 'sum' },
        customer_mapping: { type: 'by_id', event_payload_key: 'stripe_customer_id' },
      },
    ]);
  });

  it('is needed before a customer is metered, on the account that sales go to', async () => {
    const partner = await till.api.call('POST', '/v1/partners', { key: till.api.hostKey, body: { name: 'Other' } });
    const other = (method: string, path: string, body?: unknown) =>
      till.api.call(method, path, { key: till.api.hostKey, partner: partner.body.id, body });
    await other('POST', '/v1/customers', { id: 'cus_other', name: 'Other' });
    const change = () => other('PUT', '/v1/customers/cus_other/billing', { billing: 'metered' });
    expect(await change()).toMatchObject({ status: 409, body: { code: 'PAYMENTS_NOT_READY' } });
    await other('PATCH', '/v1/payment-settings', { sells_on: 'host' });
    expect(await change()).toMatchObject({ status: 409, body: { code: 'METERING_NOT_READY' } });
    await other('POST', '/v1/metering/set-up');
    expect(await change()).toMatchObject({ status: 200, body: { billing: 'metered', account: 'host', waiting: 0 } });
    // The report is the partner's own.
    expect((await other('GET', '/v1/reports/metering')).body.rows).toEqual([]);
  });
});

describe('paying afterwards', () => {
  it('and topping up by itself exclude each other', async () => {
    const customer = await metered('cus_both');
    const body = { enabled: true, threshold: '10', amount: '1000', monthly_money: '100' };
    const on = () => till.api.call('PUT', `/v1/auto-recharge?customer_id=${customer}`, { body });
    const bill = (billing: string) => till.api.call('PUT', `/v1/customers/${customer}/billing`, { body: { billing } });
    expect(await on()).toMatchObject({ status: 409, body: { code: 'BILLED_TWICE' } });
    await bill('prepaid');
    await till.buy(customer, { amount: '10', save_card: true });
    expect(await on()).toMatchObject({ status: 200 });
    expect(await bill('metered')).toMatchObject({ status: 409, body: { code: 'BILLED_TWICE' } });
  });
});

describe('a partner on its own account', () => {
  it('has its meter and its customers there', async () => {
    const partner = await till.api.call('POST', '/v1/partners', { key: till.api.hostKey, body: { name: 'Own' } });
    const own = (method: string, path: string, body?: unknown) =>
      till.api.call(method, path, { key: till.api.hostKey, partner: partner.body.id, body });
    const { account } = (await own('POST', '/v1/stripe/connect', {})).body;
    till.stripe.completeOnboarding(account);
    await till.heard();
    expect((await own('POST', '/v1/metering/set-up')).body).toMatchObject({ account });
    const settings = { ai_credits_enabled: true, price_per_minute: { credits: '12' }, overdraft: '100' };
    await own('POST', '/v1/customers', { id: 'cus_own', name: 'Own', settings });
    await own('PUT', '/v1/customers/cus_own/billing', { billing: 'metered' });
    await own('POST', '/v1/deductions', {
      source: 'amount',
      customer_id: 'cus_own',
      amount: '3',
      idempotency_key: till.key(),
    });
    const { database, stripe } = till.api.payments!;
    await exportUsage({ database, stripe }, partner.body.id, new AbortController().signal, now);
    expect(till.stripe.state.account(account).meterUses).toMatchObject([{ value: 3_000_000 }]);
    expect((await own('GET', '/v1/reports/metering')).body).toMatchObject({
      differences: 0,
      rows: [{ customer_id: 'cus_own', account, used: '3', at_stripe: '3', finding: 'agrees' }],
    });
  });
});

describe('telling Stripe', () => {
  it('is every deduction under its operation, in order, dated when it was posted, in whole microcredits', async () => {
    const customer = await metered('cus_plain');
    const first = await call(customer, 61);
    const { body: second } = await use(customer, '0.000001');
    expect((await till.api.call('GET', `/v1/customers/${customer}/billing`)).body).toMatchObject({ waiting: 2 });
    expect(await tell()).toBe(2);
    const events = await eventsOf(customer);
    expect(events.map(({ event, value }) => [event.identifier, value])).toEqual([
      [first, 12_200_000],
      [second.operation_id, 1],
    ]);
    expect(Math.abs(events[0]!.event.timestamp - Date.now() / 1000)).toBeLessThan(60);
    expect(await tell()).toBe(0);
    expect((await till.api.call('GET', `/v1/customers/${customer}/billing`)).body).toMatchObject({
      waiting: 0,
      last_error: null,
    });
  });

  it('leaves out what is no use, and what was used before and afterwards', async () => {
    const customer = await till.customer('cus_between', { overdraft: '1000' });
    const before = await call(customer, 60);
    await till.api.call('PUT', `/v1/customers/${customer}/billing`, { body: { billing: 'metered' } });
    await till.api.topUp(customer, '500');
    await call(customer, 30);
    await reverse(before); // was paid for otherwise: it comes back in the balance
    await till.api.call('PUT', `/v1/customers/${customer}/billing`, { body: { billing: 'prepaid' } });
    await call(customer, 60);
    await tell();
    expect(await atStripe(customer)).toBe(6_000_000);
    expect(await rowOf(customer)).toMatchObject({ used: '6', at_stripe: '6', finding: 'agrees' });
  });

  it('follows revisions up and down, and partial reversals', async () => {
    const customer = await metered('cus_revised');
    await call(customer, 60, 'call-revised', 1);
    await tell();
    await call(customer, 66, 'call-revised', 2);
    await tell();
    await call(customer, 31, 'call-revised', 3);
    await tell();
    const { body } = await use(customer, '10');
    await reverse(body.operation_id, '2.5');
    await tell();
    expect(await atStripe(customer)).toBe(6_200_000 + 7_500_000);
    expect(await atStripe(customer)).toBe(await used(customer));
    expect(await rowOf(customer)).toMatchObject({ finding: 'agrees' });
  });

  it('moves a reassigned call from one customer to the other', async () => {
    const [one, other] = [await metered('cus_one'), await metered('cus_another')];
    const operation = await call(one, 60);
    await tell();
    const [row] = await till.api.database.superuser<{ call_id: string }>(
      'select call_id from talktime.operations where operation_id = $1',
      [operation],
    );
    const { status } = await till.host('POST', `/v1/calls/${row!.call_id}/reassign`, {
      customer_id: other,
    });
    expect(status).toBe(200);
    await tell();
    expect([await atStripe(one), await atStripe(other)]).toEqual([0, 12_000_000]);
  });

  it('cancels the event of what is taken back whole within a day', async () => {
    const customer = await metered('cus_whole');
    const operation = await call(customer, 60);
    await tell();
    await reverse(operation);
    await tell();
    expect((await eventsOf(customer)).map(({ value, canceled }) => [value, canceled])).toEqual([[12_000_000, true]]);
    expect(await report()).toMatchObject({ differences: 0 });
  });

  it('tells an event below zero for what is taken back later, when Stripe cancels no more', async () => {
    const customer = await metered('cus_late');
    const operation = await call(customer, 60);
    await tell();
    ahead = 25 * HOUR;
    await reverse(operation);
    await tell();
    expect((await eventsOf(customer)).map(({ value }) => value)).toEqual([12_000_000, -12_000_000]);
    expect(await atStripe(customer)).toBe(0);
  });

  it('tells an event below zero when Stripe refuses to cancel', async () => {
    const customer = await metered('cus_refused');
    const operation = await call(customer, 60);
    await tell();
    await reverse(operation);
    (await eventsOf(customer))[0]!.event.created -= 2 * 24 * 3600;
    await tell();
    expect((await eventsOf(customer)).map(({ value }) => value)).toEqual([12_000_000, -12_000_000]);
    expect(await report()).toMatchObject({ differences: 0 });
  });
});

describe('whatever goes wrong', () => {
  it.each(['cut before', 'cut after', 'server error', 'server error after', 'rate limited', 'unavailable'] as const)(
    'each deduction is told once: %s',
    async (fault) => {
      const customer = await metered(`cus_${fault.replaceAll(' ', '_')}`);
      for (let count = 0; count < 3; count++) await call(customer, 60);
      till.stripe.script('POST /v1/billing/meter_events', 'ok', fault, fault, fault);
      await tell();
      expect(await atStripe(customer)).toBe(36_000_000);
      expect(await eventsOf(customer)).toHaveLength(3);
    },
  );

  it('a wallet that Stripe refuses waits, says why, and keeps no other from being told', async () => {
    const [refused, fine] = [await metered('cus_refuses'), await metered('cus_fine')];
    await call(refused, 60);
    await tell();
    await call(refused, 60);
    await call(fine, 60);
    const blocked = new Set([(await eventsOf(refused))[0]!.customer]);
    const undo = till.stripe.fail('POST /v1/billing/meter_events', 'lock timeout', {
      when: ({ params }) => blocked.has(customerIn(params)),
    });
    await expect(tell()).rejects.toThrow('Some usage could not be told');
    expect(await atStripe(fine)).toBe(12_000_000);
    expect((await till.api.call('GET', `/v1/customers/${refused}/billing`)).body).toMatchObject({
      waiting: 1,
      last_error: expect.stringContaining('STRIPE_UNREACHABLE'),
    });
    expect(await rowOf(refused)).toMatchObject({ used: '24', waiting: '12', at_stripe: '12', finding: 'waits' });
    undo();
    expect(await tell()).toBe(0); // its time has not come
    await later();
    expect(await tell()).toBe(1);
    expect(await rowOf(refused)).toMatchObject({ finding: 'agrees' });
  });

  it('a process may be killed anywhere: another one tells the rest, and nothing twice', async () => {
    const customer = await metered('cus_killed');
    const operations: string[] = [];
    for (let count = 0; count < 5; count++) operations.push(await call(customer, 60));
    await reverse(operations[1]!);
    await reverse(operations[2]!, '1');
    for (let transactions = 0; transactions < 20; transactions++) {
      await tell(dyingAfter(transactions)).catch(() => undefined);
      await later();
    }
    await tell();
    expect(await atStripe(customer)).toBe(await used(customer));
    expect(await rowOf(customer)).toMatchObject({ finding: 'agrees', waiting: '0' });
  });

  it('many processes at once tell everything once', async () => {
    const customers = await Promise.all(['a', 'b', 'c'].map((name) => metered(`cus_many_${name}`)));
    for (let count = 0; count < 4; count++) for (const customer of customers) await call(customer, 60);
    await Promise.all([tell(), tell(), tell()]);
    for (const customer of customers) {
      expect(await eventsOf(customer)).toHaveLength(4);
      expect(await atStripe(customer)).toBe(48_000_000);
    }
  });

  it.each([
    ['it was told', 'cut after'],
    ['it was not', 'cut before'],
  ] as const)(
    'after days of downtime Stripe is asked what it has, since it forgets identifiers: %s',
    async (_what, fault) => {
      const customer = await metered(`cus_days_${fault.replace(' ', '_')}`);
      await call(customer, 60);
      await call(customer, 30);
      till.stripe.script('POST /v1/billing/meter_events', 'ok', ...Array<typeof fault>(12).fill(fault));
      await expect(tell()).rejects.toThrow();
      till.stripe.clearFaults();
      ahead = 50 * HOUR;
      await later();
      await tell();
      expect((await eventsOf(customer)).map(({ value }) => value)).toEqual([12_000_000, 6_000_000]);
    },
  );

  it('a cancellation whose answer was lost is not made up for twice, days later', async () => {
    const customer = await metered('cus_cancel_lost');
    const operation = await call(customer, 60);
    await tell();
    await reverse(operation);
    till.stripe.script('POST /v1/billing/meter_event_adjustments', ...Array<'cut after'>(12).fill('cut after'));
    await expect(tell()).rejects.toThrow();
    till.stripe.clearFaults();
    ahead = 50 * HOUR;
    await later();
    await tell();
    expect((await eventsOf(customer)).map(({ value, canceled }) => [value, canceled])).toEqual([[12_000_000, true]]);
    expect(await report()).toMatchObject({ differences: 0 });
  });

  it('catches up after long downtime, dated as it was used as far as Stripe takes it', async () => {
    const customer = await metered('cus_downtime');
    await call(customer, 60);
    ahead = 40 * 24 * HOUR;
    await tell();
    const [event] = await eventsOf(customer);
    expect(event!.value).toBe(12_000_000);
    expect(now() / 1000 - event!.event.timestamp).toBeLessThan(35 * 24 * 3600);
  });
});

describe('the report', () => {
  it('names what Stripe lacks and what it has beyond', async () => {
    const [less, more] = [await metered('cus_less'), await metered('cus_more')];
    for (const customer of [less, more]) await call(customer, 60);
    await tell();
    (await eventsOf(less))[0]!.canceled = true; // somebody, at Stripe
    const [twin] = await eventsOf(more);
    till.stripe.state.host.meterUses.push({ ...twin!, event: { ...twin!.event, identifier: 'by-hand' } });
    expect(await rowOf(less)).toMatchObject({ difference: '-12', finding: 'stripe_has_less' });
    expect(await rowOf(more)).toMatchObject({ at_stripe: '24', difference: '12', finding: 'stripe_has_more' });
    const { rows, differences } = await report();
    const different = rows.filter(({ difference }: { difference: string }) => difference !== '0');
    expect(different).toHaveLength(differences);
    expect(different.map(({ customer_id: id }: { customer_id: string }) => id)).toEqual(
      expect.arrayContaining([less, more]),
    );
    expect((await report('?from=2026-01-02&to=2026-01-01')).code).toBe('REQUEST_INVALID');
  });
});

describe('for random histories', () => {
  it('what Stripe bills is what the ledger says was used', async () => {
    let runs = 0;
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('call' as const), seconds: fc.integer({ min: 1, max: 300 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('revise' as const),
          which: fc.nat(),
          seconds: fc.integer({ min: 0, max: 300 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('amount' as const), micro: fc.integer({ min: 1, max: 9e6 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('reverse' as const),
          which: fc.nat(),
          part: fc.option(fc.integer({ min: 1, max: 5e6 })),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('tell' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('die' as const), after: fc.integer({ min: 0, max: 15 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('lose' as const),
          fault: fc.constantFrom('cut before' as const, 'cut after' as const),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 20 }) }) },
    );
    const decimal = (micro: number) => (micro / 1e6).toFixed(6);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        ahead = 0;
        till.stripe.clearFaults();
        const customer = await metered(`cus_run_${++runs}`);
        const called: string[] = [];
        const operations: string[] = [];
        for (const [order, each] of steps.entries()) {
          if (each.do === 'call') {
            called.push(`call-${runs}-${order}`);
            operations.push(await call(customer, each.seconds, called.at(-1), order + 1));
          } else if (each.do === 'revise' && called.length > 0)
            await call(customer, each.seconds, called[each.which % called.length], order + 1);
          else if (each.do === 'amount') operations.push((await use(customer, decimal(each.micro))).body.operation_id);
          else if (each.do === 'reverse' && operations.length > 0)
            await reverse(
              operations[each.which % operations.length]!,
              each.part === null ? undefined : decimal(each.part),
            );
          else if (each.do === 'wait') ahead += each.hours * HOUR;
          else if (each.do === 'lose') till.stripe.script('POST /v1/billing/meter_events', each.fault);
          else if (each.do === 'tell') await tell().catch(() => undefined);
          else if (each.do === 'die') await tell(dyingAfter(each.after)).catch(() => undefined);
          await later();
        }
        till.stripe.clearFaults();
        await tell();
        expect(await atStripe(customer)).toBe(await used(customer));
        expect((await rowOf(customer))?.finding ?? 'agrees').toBe('agrees');
      }),
      { numRuns: Number(process.env.METERING_RUNS ?? 15), interruptAfterTimeLimit: 60_000 },
    );
    expect(runs).toBeGreaterThan(0);
  }, 120_000);
});

function customerIn(params: unknown): string {
  return (params as { payload: { stripe_customer_id: string } }).payload.stripe_customer_id;
}
