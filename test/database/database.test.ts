import { migrate, type Transaction } from '@talktime/core/database';
import { createTestDatabase, type TestDatabase } from '../setup/database';

describe('the database', () => {
  let test: TestDatabase;
  beforeAll(async () => void (test = await createTestDatabase()));
  afterAll(() => test.drop());

  it('is left alone by a second migration', async () => {
    await expect(migrate(test.url)).resolves.toEqual([]);
  });

  it('begins every key of a partner table with partner_id', async () => {
    const keys = await test.superuser<{ index: string; first: string }>(`
      select i.indexrelid::regclass::text as index, a.attname as first
      from pg_index i
      join pg_class t on t.oid = i.indrelid
      join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
      where t.relnamespace = 'talktime'::regnamespace`);
    expect(keys.length).toBeGreaterThan(15);
    expect(keys.filter((key) => key.first !== 'partner_id')).toEqual([]);
  });

  it('guards every partner table with row-level security', async () => {
    const open = await test.superuser(`
      select relname from pg_class where relnamespace = 'talktime'::regnamespace and relkind = 'r' and not relrowsecurity`);
    expect(open).toEqual([]);
  });

  it('shows the service nothing of a partner that it does not work for', async () => {
    const [a, b] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'] as const;
    for (const id of [a, b]) {
      await test.superuser('insert into directory.partners (partner_id) values ($1)', [id]);
      await test.superuser(
        `insert into talktime.partners (partner_id, name, currency, credit_value) values ($1, 'P', 'USD', 10000)`,
        [id],
      );
    }
    const seen = (transaction: { query: (sql: string) => Promise<object[]> }) =>
      transaction.query('select partner_id from talktime.partners');
    await expect(test.database.asPartner(a, seen)).resolves.toEqual([{ partner_id: a }]);
    await expect(test.database.asDirectory(seen)).resolves.toEqual([]);
    await expect(
      test.database.asPartner(a, (transaction) =>
        transaction.query(`insert into talktime.wallets (partner_id, wallet_id) values ($1, 0)`, [b]),
      ),
    ).rejects.toThrow(/row-level security/);
  });

  it('goes on with another connection when one breaks in the middle of a transaction', async () => {
    const pidOf = (transaction: Transaction) => transaction.query<{ pid: number }>('select pg_backend_pid() as pid');
    const broken = test.database.asDirectory(async (transaction) => {
      const [row] = await pidOf(transaction);
      await test.superuser('select pg_terminate_backend($1)', [row!.pid]);
      await new Promise((resolve) => setTimeout(resolve, 50)); // it is told between two statements
      return pidOf(transaction);
    });
    await expect(broken).rejects.toThrow();
    await expect(test.database.asDirectory(pidOf)).resolves.toHaveLength(1);
  });

  it('answers a failure of a statement that nobody waits for', async () => {
    const failing = test.database.asDirectory(async (transaction) => {
      transaction.send('select 1 / 0');
      transaction.send('select 2');
    });
    await expect(failing).rejects.toThrow('division by zero');
  });
});
