import { getBalance } from '@talktime/core/customers';
import { getStatement, STANDING_AT } from '@talktime/core/ledger';
import { TestApi } from '../server/harness';
import type { TestDatabase } from '../setup/database';
import { HOST, PARTNER, World } from '../setup/world';

const ACME = { customerId: 'acme' };
const WALLET = 1;

describe('as of', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => {
    test = await World.open();
    world = await World.create(test);
    await world.customer('acme', '100', { low_credit_threshold: '60' });
    for (const amount of ['10', '20', '30', '45']) {
      await new Promise((resolve) => setTimeout(resolve, 3));
      await world.talktime.ledger
        .submit(world.partnerId, {
          kind: 'deduction',
          actor: PARTNER,
          key: world.key(),
          wallet: ACME,
          amount: (BigInt(amount) * 1_000_000n) as never,
        })
        .catch(() => undefined); // the last one finds no room: nothing was posted
    }
    await world.talktime.ledger.submit(world.partnerId, {
      kind: 'adjustment',
      actor: HOST,
      key: world.key(),
      wallet: ACME,
      amount: -40_000_000n as never,
    });
  });
  afterAll(() => test.drop());

  it('tells the balance and the statement that each posting left', async () => {
    const now = await getStatement(test.database, world.partnerId, ACME, { limit: 50 });
    expect(now.lines.map(({ balance }) => balance)).toEqual([0, 40, 70, 90, 100]);
    for (const [index, line] of now.lines.entries()) {
      const at = new Date(line.date);
      const earlier = now.lines.slice(index).filter(({ date }) => date <= line.date);
      const last = now.lines.find(({ date }) => date <= line.date)!;
      expect(await getBalance(test.database, world.partnerId, ACME, at)).toMatchObject({
        posted: last.balance,
        held: 0,
        available: last.balance,
      });
      const then = await getStatement(test.database, world.partnerId, ACME, { limit: 50, at });
      expect(then.lines.slice(-earlier.length)).toEqual(earlier);
      const before = await getBalance(test.database, world.partnerId, ACME, new Date(at.getTime() - 1));
      const previous = now.lines.find(({ date }) => new Date(date).getTime() <= at.getTime() - 1);
      expect(before.posted).toBe(previous?.balance ?? 0);
    }
  });

  it("judges a past balance by today's threshold, without what the alerts remember", async () => {
    const { lines } = await getStatement(test.database, world.partnerId, ACME, { limit: 50 });
    const statusAfter = async (balance: number) =>
      (
        await getBalance(
          test.database,
          world.partnerId,
          ACME,
          new Date(lines.find((line) => line.balance === balance)!.date),
        )
      ).status;
    expect(await statusAfter(70)).toBe('ok');
    expect(await statusAfter(40)).toBe('low');
  });

  it('is empty before the wallet had anything', async () => {
    const at = new Date('2020-01-01T00:00:00Z');
    expect(await getBalance(test.database, world.partnerId, ACME, at)).toMatchObject({ posted: 0, money: 0 });
    expect(await getStatement(test.database, world.partnerId, ACME, { limit: 50, at })).toMatchObject({
      lines: [],
      next_cursor: null,
    });
  });

  it('pages through a past statement as through the present one', async () => {
    const { lines } = await getStatement(test.database, world.partnerId, ACME, { limit: 50 });
    const at = new Date(lines[1]!.date);
    const first = await getStatement(test.database, world.partnerId, ACME, { limit: 2, at });
    const second = await getStatement(test.database, world.partnerId, ACME, {
      limit: 2,
      at,
      cursor: first.next_cursor!,
    });
    expect([...first.lines, ...second.lines]).toEqual(lines.slice(1));
    expect(second.next_cursor).toBeNull();
  });

  it('says that a sequence has a gap rather than a wrong balance', async () => {
    const broken = await World.create(test);
    await broken.customer('gap', '1');
    await test.superuser('alter table talktime.transfers disable trigger all');
    await test.superuser('delete from talktime.transfers where partner_id = $1', [broken.partnerId]);
    await test.superuser('alter table talktime.transfers enable trigger all');
    await expect(getBalance(test.database, broken.partnerId, { customerId: 'gap' }, new Date(0))).rejects.toThrow(
      /has a gap in its sequence/,
    );
  });

  it('looks into the indexes a few times, however many postings there are', async () => {
    const many = await World.create(test);
    await many.customer('acme', '0');
    const postings = 20_000;
    await test.superuser(
      `insert into talktime.operations (partner_id, operation_id, kind, key, content_hash, hash_version, actor, at, result)
       select $1, gen_random_uuid(), 'top_up', n::text, sha256('x'), 1, 'key:host', '2026-01-01Z'::timestamptz + n * interval '1 second', '{}'
       from generate_series(1, ${postings}) n`,
      [many.partnerId],
    );
    await test.superuser(
      `insert into talktime.transfers (partner_id, operation_id, line, debit_account, credit_account, amount, at, floor,
         credit_sequence, credit_balance, debit_sequence, debit_balance)
       select $1, operation_id, 0, case when n % 2 = 1 then -2 else ${WALLET} end, case when n % 2 = 1 then ${WALLET} else -1 end, 5, at, 0,
              case when n % 2 = 1 then n end, case when n % 2 = 1 then 5 end, case when n % 2 = 0 then n end, case when n % 2 = 0 then 0 end
       from (select operation_id, at, key::bigint as n from talktime.operations where partner_id = $1) each`,
      [many.partnerId],
    );
    await test.superuser(
      `update talktime.wallets set sequence = ${postings} where partner_id = $1 and wallet_id = ${WALLET}`,
      [many.partnerId],
    );
    await test.superuser('analyze talktime.transfers');

    const at = new Date('2026-01-01T03:25:45.500Z'); // after posting 12,345
    expect(await getBalance(test.database, many.partnerId, ACME, at)).toMatchObject({ posted: 0.000005 });
    const plan = await test.database.asPartner(many.partnerId, async (transaction) => {
      const [row] = await transaction.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `explain (analyze, buffers, format json) ${STANDING_AT}`,
        [many.partnerId, WALLET, at],
      );
      return row!['QUERY PLAN'][0].Plan;
    });
    const scans = nodes(plan).filter((node) => node['Relation Name'] === 'transfers');
    expect(scans.map((node) => node['Index Name']).sort()).toEqual([
      ...Array(2).fill('credits_of_a_wallet'),
      ...Array(2).fill('debits_of_a_wallet'),
    ]);
    const looks = Math.max(...scans.map((node) => node['Actual Loops']));
    expect(looks).toBeLessThanOrEqual(Math.ceil(Math.log2(postings)) + 1);
    expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThan(10 * looks);
  });
});

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Loops': number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Plan[];
}
const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

describe('as of, over HTTP', () => {
  let api: TestApi;
  beforeAll(async () => void (api = await TestApi.start()));
  afterAll(() => api.stop());

  it('takes a moment in any offset, and refuses one that has not passed', async () => {
    await api.createCustomer('acme');
    const { body } = await api.topUp('acme', '100');
    await api.topUp('acme', '5');
    const moment = encodeURIComponent(new Date(Date.parse(body.at) - 1).toISOString().replace('Z', '+00:00'));
    const before = await api.get(`/v1/balance?customer_id=acme&at=${moment}`);
    expect(before).toMatchObject({ status: 200, body: { posted: 0, status: 'exhausted' } });
    expect((await api.get(`/v1/balance?customer_id=acme&at=${new Date().toISOString()}`)).body.posted).toBe(105);
    expect((await api.get(`/v1/statement?customer_id=acme&at=${moment}`)).body.lines).toEqual([]);
    expect((await api.get('/v1/statement?customer_id=acme')).body.lines).toHaveLength(2);

    for (const route of ['balance', 'statement']) {
      const ahead = await api.get(`/v1/${route}?customer_id=acme&at=2999-01-01T00:00:00Z`);
      expect(ahead).toMatchObject({ status: 422, body: { code: 'MOMENT_IN_FUTURE' } });
      const nonsense = await api.get(`/v1/${route}?customer_id=acme&at=yesterday`);
      expect(nonsense).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    }
  });

  it('keeps the moment in the link to the next page of a CSV', async () => {
    const at = new Date().toISOString();
    const { headers } = await api.get(`/v1/statement?customer_id=acme&format=csv&limit=1&at=${at}`);
    expect(headers.get('link')).toContain(`at=${encodeURIComponent(at)}`);
  });
});
