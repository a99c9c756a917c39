import { createHash } from 'node:crypto';
import { reassignCall } from '@talktime/core/calls';
import {
  formatAnchor,
  parseAnchors,
  reverse,
  sealPartner,
  verify,
  type Anchor,
  type Report,
} from '@talktime/core/ledger';
import { Client } from 'pg';
import type { TestDatabase } from '../setup/database';
import { HOST, PARTNER, World } from '../setup/world';

/**
 * What a superuser could do to the tables, and what verify says of it. Each example is a partner of its own, so that one's
 * tampering is nothing to the next.
 */
/** Wallet 1 is acme's: the first customer of each world. */
const ACME = 1;

describe('talktime verify', () => {
  let test: TestDatabase;
  beforeAll(async () => void (test = await World.open()));
  afterAll(() => test.drop());

  describe('of a history that nobody touched', () => {
    it('finds nothing, sealed or not', async () => {
      const world = await busyWorld(test);
      expect(codes(await verified(world))).toEqual([]);
      await sealPartner(test.database, world.partnerId);
      await world.call({ id: 'later', seconds: 20, customerId: 'acme' });
      await sealPartner(test.database, world.partnerId);
      const report = await verified(world);
      expect(codes(report)).toEqual([]);
      expect(report.partners).toMatchObject([{ wallets: 4, unchained: 0, seals: 2, calls: 7 }]);
      expect(report.partners[0]!.postings).toBeGreaterThan(14);
    });

    it('finds nothing at a partner who has just begun', async () => {
      const world = await World.create(test);
      expect(await sealPartner(test.database, world.partnerId)).toBeNull();
      expect(codes(await verified(world))).toEqual([]);
    });

    it('seals once when two replicas do it at the same time', async () => {
      const world = await busyWorld(test);
      const seals = await Promise.all([1, 2, 3, 4].map(() => sealPartner(test.database, world.partnerId)));
      expect(seals.filter((seal) => seal !== null)).toEqual([1n]);
      expect(codes(await verified(world))).toEqual([]);
    });
  });

  describe('of a wallet', () => {
    it('names a changed balance', async () => {
      const world = await busyWorld(test);
      await tamper(
        world,
        `update talktime.wallets set posted = posted + 1000000 where partner_id = $1 and wallet_id = ${ACME}`,
      );
      expect(codes(await verified(world))).toEqual(['CONSERVATION_BROKEN', 'STORED_BALANCE_WRONG']);
    });

    it('names a changed reserve', async () => {
      const world = await busyWorld(test);
      await tamper(world, `update talktime.wallets set held = held + 1 where partner_id = $1 and wallet_id = ${ACME}`);
      expect(codes(await verified(world))).toEqual(['HELD_WRONG']);
    });

    it('names a changed sequence and a changed head', async () => {
      const world = await busyWorld(test);
      await tamper(
        world,
        `update talktime.wallets set sequence = sequence - 1, head = sha256('x') where partner_id = $1 and wallet_id = ${ACME}`,
      );
      expect(codes(await verified(world))).toEqual(['HEAD_WRONG', 'STORED_SEQUENCE_WRONG']);
    });

    it('names a wallet that is gone', async () => {
      const world = await busyWorld(test);
      await sealPartner(test.database, world.partnerId);
      await tamper(world, `delete from talktime.wallets where partner_id = $1 and wallet_id = ${ACME}`);
      expect(codes(await verified(world))).toEqual(['CONSERVATION_BROKEN', 'SHORTER_THAN_SEALED', 'WALLET_MISSING']);
    });
  });

  describe('of a posting', () => {
    it('names an edited amount, with the wallet, the sequence and both figures', async () => {
      const world = await busyWorld(test);
      await tamper(
        world,
        `update talktime.transfers set amount = amount + 5000000 where partner_id = $1 and credit_account = ${ACME} and credit_sequence = 1`,
      );
      const report = await verified(world);
      expect(codes(report)).toEqual([
        'BALANCE_WRONG',
        'CHAIN_BROKEN',
        'CONSERVATION_BROKEN',
        'GRANT_WRONG',
        'RESULT_WRONG',
      ]);
      expect(report.findings).toContainEqual(
        expect.objectContaining({
          code: 'BALANCE_WRONG',
          partnerId: world.partnerId,
          walletId: ACME,
          sequence: 1n,
          expected: '105 credits',
          found: '100 credits',
        }),
      );
    });

    it.each([
      ['its moment', `at = at + interval '1 microsecond'`, ['CHAIN_BROKEN']],
      ['its floor', 'floor = floor - 1', ['CHAIN_BROKEN']],
      ['its flag', `flagged = 1, flag = 'dispute'`, ['CHAIN_BROKEN']],
      ['its line', 'line = line + 7', ['CHAIN_BROKEN']],
      ['its counter account', 'credit_account = -4', ['CALL_WRONG', 'CHAIN_BROKEN', 'USAGE_WRONG']],
      ['its hash', `debit_hash = sha256('x')`, ['CHAIN_BROKEN']],
      ['its hash, taken away', 'debit_hash = null', ['CHAIN_BROKEN', 'CHAIN_MISSING']],
      ['its balance', 'debit_balance = debit_balance + 1', ['BALANCE_WRONG', 'CHAIN_BROKEN', 'RESULT_WRONG']],
      ['a floor it fell below', 'floor = 199000000', ['BELOW_FLOOR', 'CHAIN_BROKEN']],
    ])('names %s', async (_, change, expected) => {
      const world = await busyWorld(test);
      await tamper(
        world,
        `update talktime.transfers set ${change} where partner_id = $1 and debit_account = ${ACME} and debit_sequence = 3`,
      );
      expect(codes(await verified(world))).toEqual(expected);
    });

    it('names a deleted one in the middle', async () => {
      const world = await busyWorld(test);
      await tamper(
        world,
        `delete from talktime.transfers where partner_id = $1 and debit_account = ${ACME} and debit_sequence = 3`,
      );
      const report = await verified(world);
      expect(codes(report)).toEqual([
        'CALL_WRONG',
        'CONSERVATION_BROKEN',
        'GRANT_WRONG',
        'RESULT_WRONG',
        'SEQUENCE_GAP',
        'USAGE_WRONG',
      ]);
      expect(report.findings).toContainEqual(
        expect.objectContaining({ code: 'SEQUENCE_GAP', walletId: ACME, expected: 'posting 3', found: 'posting 4' }),
      );
    });

    it('names a deleted one in the middle whose gap was closed', async () => {
      const world = await busyWorld(test);
      await tamper(
        world,
        `delete from talktime.transfers where partner_id = $1 and debit_account = ${ACME} and debit_sequence = 3`,
        ...['debit', 'credit'].map(
          (
            side,
          ) => `update talktime.transfers set ${side}_sequence = ${side}_sequence - 1, ${side}_balance = ${side}_balance + 12200000
                     where partner_id = $1 and ${side}_account = ${ACME} and ${side}_sequence > 3`,
        ),
        `update talktime.wallets set sequence = sequence - 1, posted = posted + 12200000 where partner_id = $1 and wallet_id = ${ACME}`,
      );
      expect(codes(await verified(world))).toEqual(expect.arrayContaining(['CHAIN_BROKEN', 'RESULT_WRONG']));
    });

    it('names one that was put in twice', async () => {
      const world = await busyWorld(test);
      await tamper(
        world,
        `insert into talktime.transfers (partner_id, operation_id, line, debit_account, credit_account, amount, credit_sequence, credit_balance, credit_hash, at)
         select partner_id, operation_id, 9, debit_account, credit_account, amount, 3, credit_balance, credit_hash, at
         from talktime.transfers where partner_id = $1 and credit_account = ${ACME} and credit_sequence = 1`,
      );
      expect(codes(await verified(world))).toEqual(
        expect.arrayContaining(['CONSERVATION_BROKEN', 'RESULT_WRONG', 'SEQUENCE_REPEATED']),
      );
    });

    it('names one between two counter accounts, which no chain covers', async () => {
      const world = await busyWorld(test);
      await tamper(
        world,
        `insert into talktime.transfers (partner_id, operation_id, line, debit_account, credit_account, amount, at)
         select partner_id, operation_id, 9, -1, -4, 1000000, at from talktime.operations where partner_id = $1 and kind = 'top_up' limit 1`,
      );
      expect(codes(await verified(world))).toEqual(['WALLETLESS_TRANSFER']);
    });
  });

  describe('of the newest postings, deleted', () => {
    it('names them by the wallet', async () => {
      const world = await busyWorld(test);
      await tamper(world, ...cutTail(ACME));
      expect(codes(await verified(world))).toEqual(
        expect.arrayContaining(['HEAD_WRONG', 'POSTINGS_MISSING', 'STORED_BALANCE_WRONG']),
      );
    });

    it('names them by the seal when the wallet was put right', async () => {
      const world = await tailWorld(test);
      await sealPartner(test.database, world.partnerId);
      await tamper(world, ...cutTail(ACME), ...putRight(ACME));
      const report = await verified(world);
      expect(codes(report)).toEqual(['SHORTER_THAN_SEALED']);
      expect(report.findings[0]).toMatchObject({
        walletId: ACME,
        seal: 1n,
        expected: '3 postings or more',
        found: '2',
      });
    });

    it('names them by the anchor when the seal is gone, too', async () => {
      const world = await tailWorld(test);
      await sealPartner(test.database, world.partnerId);
      const anchors = await anchored(world);
      await tamper(world, ...cutTail(ACME), ...putRight(ACME), ...cutSeal(1));
      expect(codes(await verified(world))).toEqual([]);
      const report = await verified(world, anchors);
      expect(codes(report)).toEqual(['ANCHORED_SEAL_MISSING']);
      expect(report.findings[0]).toMatchObject({ seal: 1n, expected: anchors[0]!.digest, found: 'none' });
    });

    it('names a whole partner that is gone', async () => {
      const world = await tailWorld(test);
      await sealPartner(test.database, world.partnerId);
      const anchors = await anchored(world);
      const all = await test.superuser<{ name: string }>(
        `select quote_ident(nspname) || '.' || quote_ident(relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where nspname in ('talktime', 'directory') and relkind = 'r'
           and exists (select from pg_attribute where attrelid = c.oid and attname = 'partner_id')`,
      );
      await tamper(world, ...all.map(({ name }) => `delete from ${name} where partner_id = $1`));
      const report = await verify(test.database, { anchors });
      expect(report.findings.filter(({ partnerId }) => partnerId === world.partnerId)).toMatchObject([
        { code: 'ANCHORED_SEAL_MISSING' },
      ]);
    });
  });

  describe('of an operation', () => {
    it('names two whose results were swapped', async () => {
      const world = await busyWorld(test);
      await tamper(
        world,
        `update talktime.operations o set result = other.result
         from (select operation_id, result, row_number() over (order by key) as n from talktime.operations where partner_id = $1 and key in ('key-1', 'key-2')) other,
              (select operation_id, row_number() over (order by key desc) as n from talktime.operations where partner_id = $1 and key in ('key-1', 'key-2')) own
         where o.partner_id = $1 and o.operation_id = own.operation_id and own.n = other.n`,
      );
      const report = await verified(world);
      expect(codes(report)).toEqual(['CHAIN_BROKEN', 'GRANT_TERMS_WRONG', 'RESULT_WRONG']);
      expect(new Set(report.findings.map(({ operationId }) => operationId)).size).toBe(2);
    });

    it.each([
      ['who did it', `actor = 'key:somebody_else'`],
      ['its key', `key = 'another'`],
      ['its content', `content_hash = sha256('x')`],
      ['what it reverses', `reverses = operation_id`],
      ['a figure of the receipt', `result = jsonb_set(result, '{receipt,raw_seconds}', '60')`],
    ])('names a change of %s', async (_, change) => {
      const world = await busyWorld(test);
      await tamper(
        world,
        `update talktime.operations set ${change} where partner_id = $1 and key like 'call:%call-1:%rev:1'`,
      );
      expect(codes(await verified(world))).toContain('CHAIN_BROKEN');
    });

    it('names one that is gone', async () => {
      const world = await busyWorld(test);
      await tamper(world, `delete from talktime.operations where partner_id = $1 and key = 'key-1'`);
      expect(codes(await verified(world))).toEqual(['OPERATION_MISSING']);
    });

    it('names reversals of more than there was', async () => {
      const world = await busyWorld(test);
      await tamper(
        world,
        `update talktime.operations set reverses = (select operation_id from talktime.operations where partner_id = $1 and key = 'small')
         where partner_id = $1 and kind = 'reversal' and call_id is null`,
      );
      expect(codes(await verified(world))).toEqual(['CHAIN_BROKEN', 'REVERSED_TOO_MUCH']);
    });

    it('names a call whose price is not what was posted', async () => {
      const world = await busyWorld(test);
      await tamper(
        world,
        `update talktime.calls set price = price - 1 where partner_id = $1 and provider_call_id = 'call-1'`,
      );
      expect(codes(await verified(world))).toEqual(['CALL_WRONG']);
    });

    it('names a call that is gone', async () => {
      const world = await busyWorld(test);
      await tamper(world, `delete from talktime.calls where partner_id = $1 and provider_call_id = 'call-1'`);
      expect(codes(await verified(world))).toEqual(['CALL_MISSING']);
    });
  });

  describe('of seals', () => {
    it('names a forged digest, and the seal after it that names the true one', async () => {
      const world = await sealedTwice(test);
      await tamper(world, `update talktime.seals set digest = sha256('forged') where partner_id = $1 and seal = 1`);
      expect(codes(await verified(world))).toEqual(['SEAL_LINK_BROKEN', 'SEAL_WRONG']);
    });

    it('names a forged head', async () => {
      const world = await sealedTwice(test);
      await tamper(
        world,
        `update talktime.seal_heads set head = sha256('forged') where partner_id = $1 and seal = 1 and wallet_id = ${ACME}`,
      );
      expect(codes(await verified(world))).toEqual(['SEALED_HEAD_DIFFERS', 'SEAL_WRONG']);
    });

    it('names one that is missing between two', async () => {
      const world = await sealedTwice(test);
      await tamper(world, ...cutSeal(1));
      expect(codes(await verified(world))).toEqual(['SEAL_MISSING']);
    });

    it('names an edit after which the whole chain was computed anew', async () => {
      const world = await tailWorld(test);
      await sealPartner(test.database, world.partnerId);
      await editAndRechain(world);
      expect(codes(await verified(world))).toEqual(['SEALED_HEAD_DIFFERS']);
    });

    it('and by the anchor, when all seals were made anew, too', async () => {
      const world = await tailWorld(test);
      await sealPartner(test.database, world.partnerId);
      const anchors = await anchored(world);
      await editAndRechain(world);
      await tamper(world, ...cutSeal(1));
      await sealPartner(test.database, world.partnerId);
      expect(codes(await verified(world))).toEqual([]);
      expect(codes(await verified(world, anchors))).toEqual(['ANCHORED_SEAL_DIFFERS']);
    });
  });

  describe('of grants', () => {
    it.each([
      [
        'what is left of one',
        `update talktime.wallets set lots = jsonb_set(lots, '{0,left}', '1') where partner_id = $1 and wallet_id = ${ACME}`,
        'GRANT_WRONG',
      ],
      [
        'when one expires',
        `update talktime.grants set expires_at = '2099-01-01' where partner_id = $1 and wallet_id = ${ACME} and grant_no = 1`,
        'GRANT_TERMS_WRONG',
      ],
      [
        'what one cost',
        `update talktime.grants set cost_basis = 1 where partner_id = $1 and wallet_id = ${ACME} and grant_no = 1`,
        'GRANT_TERMS_WRONG',
      ],
      [
        'what has expired of one',
        `update talktime.grants set expired = 1 where partner_id = $1 and wallet_id = ${ACME} and grant_no = 1`,
        'GRANT_WRONG',
      ],
      [
        'that there is one',
        `delete from talktime.grants where partner_id = $1 and wallet_id = ${ACME} and grant_no = 1`,
        'GRANT_MISSING',
      ],
      ['what was given back', `delete from talktime.burn_changes where partner_id = $1`, 'CHAIN_BROKEN'],
      ['what none backs', `insert into talktime.unbacked values ($1, ${ACME}, 3, 1)`, 'UNBACKED_WRONG'],
      [
        'what a posting burned',
        `update talktime.transfers set burned = '1:1' where partner_id = $1 and burned is not null`,
        'CHAIN_BROKEN',
      ],
    ])('names a change of %s', async (_, statement, code) => {
      const world = await busyWorld(test);
      const operation = await world.talktime.ledger.submit(world.partnerId, {
        kind: 'deduction',
        actor: PARTNER,
        key: 'given back',
        wallet: { customerId: 'acme' },
        amount: 5_000_000n as never,
      });
      await reverse(world.talktime.ledger, world.partnerId, PARTNER, {
        operation_id: operationOf(operation.result),
        idempotency_key: 'back-3',
      });
      expect(codes(await verified(world))).toEqual([]);
      await tamper(world, statement);
      expect(codes(await verified(world))).toContain(code);
    });
  });

  it('names a change of any column of the ledger and its seals', async () => {
    const world = await busyWorld(test);
    await sealPartner(test.database, world.partnerId);
    const columns = await test.superuser<{ table: string; column: string; type: string }>(
      `select table_name as table, column_name as column, data_type as type
       from information_schema.columns
       where table_schema = 'talktime' and table_name in ('operations', 'transfers', 'seals', 'seal_heads')
       order by table_name, ordinal_position`,
    );
    const unnoticed: string[] = [];
    for (const { table, column, type } of columns) {
      const [row] = await test.superuser<{ at: string; before: string | null }>(
        `select ctid::text as at, ${column}::text as before from talktime.${table} t
         where partner_id = $1 ${table === 'operations' ? 'and exists (select from talktime.transfers r where r.partner_id = t.partner_id and r.operation_id = t.operation_id)' : ''}
         order by ctid desc limit 1`,
        [world.partnerId],
      );
      const client = new Client({ connectionString: test.url });
      await client.connect();
      await client.query('set session_replication_role = replica');
      const { rows } = await client.query<{ at: string }>(
        `update talktime.${table} set ${column} = ${CHANGES[type]!(column)} where ctid = $1::tid returning ctid::text as at`,
        [row!.at],
      );
      if ((await verified(world)).findings.length === 0) unnoticed.push(`${table}.${column}`);
      await client.query(`update talktime.${table} set ${column} = $1::${type} where ctid = $2::tid`, [
        row!.before,
        rows[0]!.at,
      ]);
      await client.end();
    }
    expect(unnoticed).toEqual([]);
    expect(columns.length).toBeGreaterThan(30);
    expect(codes(await verified(world))).toEqual([]);
  });

  it('names a change of any column that tells what became of payments, and of what wallets set apart', async () => {
    const world = await disputedWorld(test);
    expect(codes(await verified(world))).toEqual([]);
    const columns = await test.superuser<{ table: string; column: string; type: string }>(
      `select table_name as table, column_name as column, data_type as type
       from information_schema.columns
       where table_schema = 'talktime' and (table_name = 'payment_credits' or (table_name = 'wallets' and column_name like '%disput%'))`,
    );
    const client = new Client({ connectionString: test.url });
    await client.connect();
    await client.query('set session_replication_role = replica');
    // What a check forbids, an owner may allow.
    const { rows: checks } = await client.query<{ name: string }>(
      `select quote_ident(conname) as name from pg_constraint where conrelid = 'talktime.payment_credits'::regclass and contype = 'c'`,
    );
    for (const { name } of checks) await client.query(`alter table talktime.payment_credits drop constraint ${name}`);
    const unnoticed: string[] = [];
    for (const { table, column, type } of columns) {
      const of = `partner_id = '${world.partnerId}' and wallet_id = ${ACME}`;
      const { rows: before } = await client.query<{ at: string; value: string }>(
        `select ctid::text as at, ${column}::text as value from talktime.${table} where ${of} order by ctid desc limit 1`,
      );
      const { rows: after } = await client.query<{ at: string }>(
        `update talktime.${table} set ${column} = ${CHANGES[type]!(column)} where ctid = $1::tid returning ctid::text as at`,
        [before[0]!.at],
      );
      if ((await verified(world)).findings.length === 0) unnoticed.push(`${table}.${column}`);
      await client.query(`update talktime.${table} set ${column} = $1::${type} where ctid = $2::tid`, [
        before[0]!.value,
        after[0]!.at,
      ]);
      expect(codes(await verified(world))).toEqual([]);
    }
    await client.end();
    expect(unnoticed).toEqual([]);
    expect(columns).toHaveLength(14);
  });

  it.each([
    ['what a refund took', 'refund_taken = refund_taken + 1', ['PAYMENT_WRONG']],
    ['what a lost dispute took', 'dispute_taken = dispute_taken - 1', ['PAYMENT_WRONG']],
    ['what is set apart', 'disputed = disputed - 1', ['DISPUTED_WRONG', 'PAYMENT_WRONG']],
    ['how many disputes are open', 'open_disputes = 0', ['DISPUTED_WRONG', 'PAYMENT_WRONG']],
    ['what was bought', 'credits = credits + 1', ['PAYMENT_WRONG']],
    ['how often it was changed', 'revision = 0', ['PAYMENT_WRONG']],
  ])('names a change of %s of a payment', async (_, change, expected) => {
    const world = await disputedWorld(test);
    await tamper(world, `update talktime.payment_credits set ${change} where partner_id = $1 and part = 'paid'`);
    expect(codes(await verified(world))).toEqual(expected);
  });

  it('names a change of what a wallet sets apart', async () => {
    const world = await disputedWorld(test);
    await tamper(
      world,
      `update talktime.wallets set disputed = 0, open_disputes = 0 where partner_id = $1 and wallet_id = ${ACME}`,
    );
    const report = await verified(world);
    expect(report.findings).toMatchObject([
      { code: 'DISPUTED_WRONG', walletId: ACME, expected: '44 credits', found: '0 credits' },
      { code: 'DISPUTED_WRONG', walletId: ACME, expected: '1 open disputes', found: '0' },
    ]);
  });

  it('names a payment of which nothing is told any more', async () => {
    const world = await disputedWorld(test);
    await tamper(
      world,
      `delete from talktime.payment_credits where partner_id = $1`,
      `update talktime.wallets set disputed = 0, open_disputes = 0 where partner_id = $1`,
    );
    expect(codes(await verified(world))).toEqual(['PAYMENT_WRONG']);
  });

  it('keeps a report short when everything is wrong', async () => {
    const world = await World.create(test);
    await world.customer('acme', '1000');
    for (let call = 0; call < 20; call++) await world.call({ id: `call-${call}`, seconds: 1, customerId: 'acme' });
    await tamper(
      world,
      `update talktime.transfers set debit_hash = sha256('x') where partner_id = $1 and debit_sequence is not null`,
    );
    const report = await verified(world);
    expect(report.findings.filter(({ code }) => code === 'CHAIN_BROKEN')).toHaveLength(5);
    expect(report.omitted).toBe(15);
  });
});

/** A change of a column, by its type. */
const CHANGES: Record<string, (column: string) => string> = {
  uuid: () => 'gen_random_uuid()',
  text: (column) => `coalesce(${column}, '') || 'x'`,
  bytea: () => `sha256('x')`,
  smallint: (column) => `${column} + 1000`,
  integer: (column) => `${column} + 1000`,
  bigint: (column) => `coalesce(${column}, 0) + 1000`,
  jsonb: (column) => `${column} || '{"further": true}'`,
  'timestamp with time zone': (column) => `${column} + interval '1 microsecond'`,
};

/** JSON with its names in order. */
function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, each]) => [name, sorted(each)]));
}

/** A partner with something of every kind. */
async function busyWorld(test: TestDatabase): Promise<World> {
  const world = await World.create(test, { rate: '8' });
  await world.customer('acme', '100', { grace_seconds: 30 });
  await world.customer('bell', '20', { shortfall_policy: 'partner' });
  await world.customer('off', '0', { ai_credits_enabled: false });
  await world.topUp('partner', '50');
  await world.topUp('acme', '40');
  const { ledger } = world.talktime;
  await world.call({ id: 'call-1', seconds: 61, customerId: 'acme', order: 1 });
  await world.call({ id: 'call-1', seconds: 66, customerId: 'acme', order: 2 });
  await world.call({ id: 'call-2', seconds: 200, customerId: 'bell' });
  await world.call({ id: 'call-3', seconds: 30, customerId: 'off' });
  await world.call({ id: 'free', seconds: 30, outcome: 'unconnected', customerId: 'acme' });
  const moved = await world.call({ id: 'moved', seconds: 200, customerId: 'bell' });
  const [row] = await test.superuser<{ call_id: string }>(
    `select call_id from talktime.calls where partner_id = $1 and provider_call_id = 'moved'`,
    [world.partnerId],
  );
  await reassignCall(world.talktime, world.partnerId, HOST, row!.call_id, 'off');
  const submit = async (key: string, amount: bigint) =>
    ledger.submit(world.partnerId, {
      kind: 'adjustment',
      actor: HOST,
      key,
      wallet: { customerId: 'acme' },
      amount: amount as never,
    });
  await submit('small', 1n);
  const large = await submit('large', 30_000_000n);
  const reversal = (operation_id: string, amount: string, idempotency_key: string) =>
    reverse(ledger, world.partnerId, PARTNER, { operation_id, amount, idempotency_key });
  await reversal(operationOf(large.result), '10', 'back-1');
  await reversal(operationOf(large.result), '20', 'back-2');
  await world.call({ id: 'reversed', seconds: 60, customerId: 'acme' });
  void moved;
  return world;
}

/** A payment with a bonus, a part of which was refunded, a part lost, and a part of which is disputed. */
async function disputedWorld(test: TestDatabase): Promise<World> {
  const world = await World.create(test);
  await world.customer('acme', '0');
  const { ledger } = world.talktime;
  await ledger.submit(world.partnerId, {
    kind: 'payment',
    actor: PARTNER,
    payment: 'pi_1',
    wallet: { customerId: 'acme' },
    amount: 100_000_000n as never,
    bonus: 10_000_000n as never,
    grant: 'paid',
    costBasis: 60_000_000n,
  });
  const totals = { paid: 100n, refunded: 20n, lost: 10n, disputed: 40n, openDisputes: 1 };
  await ledger.submit(world.partnerId, { kind: 'take_back', actor: PARTNER, payment: 'pi_1', ...totals });
  return world;
}

/** Two top-ups and a free-standing deduction as acme's newest posting. */
async function tailWorld(test: TestDatabase): Promise<World> {
  const world = await World.create(test);
  await world.customer('acme', '100');
  await world.topUp('acme', '50');
  await world.talktime.ledger.submit(world.partnerId, {
    kind: 'deduction',
    actor: PARTNER,
    key: 'tail',
    wallet: { customerId: 'acme' },
    amount: 7_000_000n as never,
  });
  return world;
}

async function sealedTwice(test: TestDatabase): Promise<World> {
  const world = await tailWorld(test);
  await sealPartner(test.database, world.partnerId);
  await world.topUp('acme', '1');
  await sealPartner(test.database, world.partnerId);
  return world;
}

const operationOf = (result: object) => (result as { operation_id: string }).operation_id;

const verified = (world: World, anchors?: readonly Anchor[]) =>
  verify(world.test.database, { partnerId: world.partnerId, anchors });

/** The codes that were found, each once. */
const codes = (report: Report) => [...new Set(report.findings.map(({ code }) => code))].sort();

/** The newest seal, through the form in which a file keeps it. */
async function anchored(world: World): Promise<Anchor[]> {
  const { partners } = await verified(world);
  return parseAnchors(partners.map(({ newest }) => formatAnchor(newest!)).join(''));
}

/** As the superuser, with triggers and foreign keys switched off. */
async function tamper(world: World, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: world.test.url });
  await client.connect();
  try {
    await client.query('set session_replication_role = replica');
    await client.query('alter table talktime.transfers disable trigger all');
    // Check constraints are no obstacle to an owner either.
    const { rows } = await client.query<{ name: string }>(
      `select quote_ident(conname) as name from pg_constraint where conrelid = 'talktime.transfers'::regclass and contype = 'c'`,
    );
    for (const { name } of rows) await client.query(`alter table talktime.transfers drop constraint ${name}`);
    for (const statement of statements)
      await client.query(statement, statement.includes('$1') ? [world.partnerId] : []);
  } finally {
    await client.end();
  }
}

/** Deletes a wallet's newest posting and its operation. */
const cutTail = (wallet: number) => [
  `delete from talktime.operations where partner_id = $1 and operation_id = (
     select operation_id from talktime.transfers where partner_id = $1 and debit_account = ${wallet} order by debit_sequence desc limit 1)`,
  `delete from talktime.transfers t where partner_id = $1 and not exists (
     select from talktime.operations o where o.partner_id = $1 and o.operation_id = t.operation_id)`,
];

/** Makes a wallet say what its newest posting says. */
const putRight = (wallet: number) => [
  `update talktime.wallets w
   set sequence = last.credit_sequence, posted = last.credit_balance, head = last.credit_hash, last_posted_at = last.at
   from (select * from talktime.transfers where partner_id = $1 and credit_account = ${wallet} order by credit_sequence desc limit 1) last
   where w.partner_id = $1 and w.wallet_id = ${wallet}`,
  `update talktime.wallets set lots = jsonb_set(lots, '{0,left}', '100000000') where partner_id = $1 and wallet_id = ${wallet}`,
  `update talktime.wallet_usage u
   set used = (select coalesce(sum(amount), 0) from talktime.transfers t
               where t.partner_id = $1 and t.debit_account = ${wallet} and t.credit_account = -1
                 and date_trunc('hour', t.at, 'UTC') = u.hour)
   where u.partner_id = $1 and u.wallet_id = ${wallet}`,
];

const cutSeal = (seal: number) => [
  `delete from talktime.seal_heads where partner_id = $1 and seal = ${seal}`,
  `delete from talktime.seals where partner_id = $1 and seal = ${seal}`,
];

/**
 * The whole attack on tailWorld: acme's second top-up becomes 30 instead of 50, its result, all balances and all hashes
 * after it with it. Written from the README's form of what is hashed, with nothing of the ledger's code.
 */
async function editAndRechain(world: World): Promise<void> {
  const less = 20_000_000;
  await tamper(
    world,
    `update talktime.transfers set amount = amount - ${less}, credit_balance = credit_balance - ${less} where partner_id = $1 and credit_account = ${ACME} and credit_sequence = 2`,
    `update talktime.transfers set debit_balance = debit_balance - ${less} where partner_id = $1 and debit_account = ${ACME} and debit_sequence = 3`,
    `update talktime.operations set result = jsonb_set(result || '{"amount": 30, "balance_after": 130}', '{grant,amount}', '30') where partner_id = $1 and operation_id = (
       select operation_id from talktime.transfers where partner_id = $1 and credit_account = ${ACME} and credit_sequence = 2)`,
    `update talktime.operations set result = result || '{"balance_after": 123}' where partner_id = $1 and key = 'tail'`,
    `update talktime.wallets set posted = posted - ${less}, lots = jsonb_set(lots, '{1,left}', '30000000') where partner_id = $1 and wallet_id = ${ACME}`,
    `update talktime.grants set amount = amount - ${less} where partner_id = $1 and wallet_id = ${ACME} and grant_no = 2`,
  );
  const rows = await world.test.superuser<
    Record<string, string> & { result: object; line: number; hash_version: number }
  >(
    `select t.*, o.kind, o.key, encode(o.content_hash, 'hex') as content, o.hash_version, o.actor, o.call_id, o.reverses, o.result,
            coalesce(debit_sequence, credit_sequence) as sequence, coalesce(debit_balance, credit_balance) as balance,
            trim_scale(extract(epoch from t.at) * 1000000) as moment
     from talktime.transfers t join talktime.operations o using (partner_id, operation_id)
     where t.partner_id = $1 and ${ACME} in (debit_account, credit_account) order by sequence`,
    [world.partnerId],
  );
  let head = '0'.repeat(64);
  for (const row of rows) {
    const result = JSON.stringify(sorted(row.result));
    const operation = [
      row.kind,
      row.key,
      row.content,
      row.hash_version,
      row.actor,
      row.moment,
      row.call_id,
      row.reverses,
    ];
    const text = [
      ...['talktime.posting.v1', head, world.partnerId, ACME, row.sequence, row.operation_id, row.line],
      ...[row.debit_account, row.credit_account, row.amount, row.balance, row.moment, row.floor, row.flagged, row.flag],
      row.captured,
      ...[JSON.stringify(operation), result],
      ...(row.burned === null ? [] : [row.burned]),
    ].join('\n');
    head = createHash('sha256').update(text).digest('hex');
    await tamper(
      world,
      `update talktime.transfers set debit_hash = case when debit_account = ${ACME} then decode('${head}', 'hex') end,
                                     credit_hash = case when credit_account = ${ACME} then decode('${head}', 'hex') end
       where partner_id = $1 and operation_id = '${row.operation_id}' and line = ${row.line}`,
    );
  }
  await tamper(
    world,
    `update talktime.wallets set head = decode('${head}', 'hex') where partner_id = $1 and wallet_id = ${ACME}`,
  );
}
