import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { deduct, reassignCall } from '@talktime/core/calls';
import { TalktimeError } from '@talktime/core/contract';
import { updateCustomer } from '@talktime/core/customers';
import { Database, migrate } from '@talktime/core/database';
import { Ledger, reverse, sealPartner, topUp, verify } from '@talktime/core/ledger';
import * as fc from 'fast-check';
import { Client } from 'pg';
import type { TestDatabase } from '../setup/database';
import { HOST, PARTNER, World } from '../setup/world';

describe('talktime verify, of random histories', () => {
  let test: TestDatabase;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());

  it('finds nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const world = await World.create(test, { rate: '8' });
        await world.customer('acme', '100', { grace_seconds: 30 });
        await world.customer('bell', '30', { shortfall_policy: 'partner' });
        await world.customer('off', '0', { ai_credits_enabled: false });
        await Promise.all(
          steps.map((each, index) =>
            tell(world, each, `key-of-${index}`).catch((error: unknown) => {
              if (!(error instanceof TalktimeError)) throw error;
            }),
          ),
        );
        await sealPartner(test.database, world.partnerId);
        const { findings } = await verify(test.database, { partnerId: world.partnerId });
        expect(findings).toEqual([]);
      }),
      { numRuns: 30 },
    );
  }, 120_000);
});

const customer = fc.constantFrom('acme', 'bell', 'off');
const call = fc.constantFrom('a', 'b', 'c', 'd');
const seconds = fc.integer({ min: 0, max: 400 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('top_up' as const), customer, amount: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ kind: fc.constant('deduction' as const), customer, amount: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ kind: fc.constant('call' as const), customer, call, seconds, order: fc.nat({ max: 5 }) }),
  fc.record({ kind: fc.constant('call' as const), customer, call, seconds, order: fc.nat({ max: 5 }) }),
  fc.record({ kind: fc.constant('reassign' as const), customer, call }),
  fc.record({
    kind: fc.constant('reverse' as const),
    which: fc.nat({ max: 20 }),
    amount: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({ kind: fc.constant('settings' as const), customer, on: fc.boolean() }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function tell(world: World, each: Step, key: string): Promise<void> {
  const { partnerId, talktime } = world;
  switch (each.kind) {
    case 'top_up':
      return world.topUp(each.customer, String(each.amount));
    case 'deduction':
      await deduct(talktime, partnerId, PARTNER, {
        source: 'amount',
        customer_id: each.customer,
        amount: String(each.amount),
        idempotency_key: key,
      });
      return;
    case 'call':
      await world.call({ id: each.call, seconds: each.seconds, order: each.order, customerId: each.customer });
      return;
    case 'settings':
      await updateCustomer(talktime.database, partnerId, PARTNER, each.customer, {
        settings: { ai_credits_enabled: each.on },
      });
      return;
    case 'reassign': {
      const [row] = await world.test.superuser<{ call_id: string }>(
        'select call_id from talktime.calls where partner_id = $1 and provider_call_id = $2',
        [partnerId, each.call],
      );
      if (row) await reassignCall(talktime, partnerId, HOST, row.call_id, each.customer);
      return;
    }
    case 'reverse': {
      const [row] = await world.test.superuser<{ operation_id: string }>(
        'select operation_id from talktime.operations where partner_id = $1 order by key offset $2 limit 1',
        [partnerId, each.which],
      );
      if (row)
        await reverse(talktime.ledger, partnerId, HOST, {
          operation_id: row.operation_id,
          amount: String(each.amount),
          idempotency_key: key,
        });
    }
  }
}

describe('a database from before the hash chains', () => {
  it('goes on with chains, and verify says which postings no hash covers', async () => {
    const server = process.env.TALKTIME_TEST_POSTGRES!;
    const name = `test_${randomBytes(6).toString('hex')}`;
    const url = Object.assign(new URL(server), { pathname: `/${name}` }).toString();
    const admin = new Client({ connectionString: server });
    await admin.connect();
    await admin.query(`create database ${name}`);
    try {
      await runFirstMigrationWithPostings(url);
      await migrate(url);
      const database = new Database({ url });
      try {
        await topUp(new Ledger(database), OLD, HOST, {
          wallet: 'partner',
          amount: '1',
          kind: 'paid',
          idempotency_key: 'new',
        });
        await sealPartner(database, OLD);
        const report = await verify(database);
        expect(report.findings).toEqual([]);
        expect(report.partners).toMatchObject([{ postings: 3, unchained: 2, seals: 1 }]);
      } finally {
        await database.close();
      }
    } finally {
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    }
  });
});

const OLD = '00000000-0000-4000-8000-00000000000a';

/** Two top-ups of 5 credits, as the code before migration 0002 wrote them. */
async function runFirstMigrationWithPostings(url: string): Promise<void> {
  const file = '0001_foundation.sql';
  const sql = readFileSync(resolve(__dirname, '../../core/database/migrations', file), 'utf8');
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.query(`
    create schema talktime_migrations;
    create table talktime_migrations.applied (name text primary key, checksum text not null, applied_at timestamptz not null default now())`);
  await client.query('insert into talktime_migrations.applied (name, checksum) values ($1, $2)', [
    file,
    createHash('sha256').update(sql).digest('hex'),
  ]);
  await client.query(`
    insert into directory.partners (partner_id) values ('${OLD}');
    insert into talktime.partners (partner_id, name, currency, credit_value) values ('${OLD}', 'Old', 'USD', 10000);
    insert into talktime.wallets (partner_id, wallet_id, posted, sequence, last_posted_at) values ('${OLD}', 0, 10000000, 2, '2026-11-01T00:00:00Z')`);
  for (const sequence of [1, 2]) {
    const id = `00000000-0000-4000-8000-0000000000b${sequence}`;
    const result = {
      ...{
        operation_id: id,
        kind: 'top_up',
        customer_id: null,
        wallet: 'partner',
        amount: 5,
        balance_after: 5 * sequence,
      },
      ...{ status: 'ok', at: '2026-11-01T00:00:00.000Z' },
    };
    await client.query(
      `insert into talktime.operations (partner_id, operation_id, kind, key, content_hash, hash_version, actor, at, result)
       values ('${OLD}', $1::text::uuid, 'top_up', $1::text, sha256('x'), 1, 'key:host', '2026-11-01T00:00:00Z', $2)`,
      [id, result],
    );
    await client.query(
      `insert into talktime.transfers (partner_id, operation_id, line, debit_account, credit_account, amount, credit_sequence, credit_balance, at)
       values ('${OLD}', $1, 0, -2, 0, 5000000, $2, $3, '2026-11-01T00:00:00Z')`,
      [id, sequence, 5_000_000 * sequence],
    );
  }
  await client.end();
}
