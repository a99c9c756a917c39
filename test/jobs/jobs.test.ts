import { authorizeCall } from '@talktime/core/calls';
import { grantsJob, holdsJob, JobRunner, sealJob, startJobs, type Job } from '@talktime/core/jobs';
import { topUp, verify } from '@talktime/core/ledger';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { HOST, World } from '../setup/world';

interface Row {
  next_run_at: Date;
  lease_until: Date | null;
  failures: number;
  last_error: string | null;
}

describe('jobs', () => {
  let test: TestDatabase;
  beforeAll(async () => void (test = await createTestDatabase()));
  afterAll(() => test.drop());
  afterEach(() => test.superuser('delete from directory.jobs'));

  const stored = async (name: string) =>
    (await test.superuser<Row>('select * from directory.jobs where name = $1', [name]))[0]!;
  const makeDue = (name: string) =>
    test.superuser(`update directory.jobs set next_run_at = now() - interval '1 day' where name = $1`, [name]);
  const runnerOf = (job: Job, errors: Error[] = []) =>
    new JobRunner({ database: test.database, jobs: [job], onError: (error) => void errors.push(error) });
  const counting = (): Job & { runs: number } => ({
    name: 'count',
    everySeconds: 3600,
    runs: 0,
    async run() {
      await new Promise((resolve) => setTimeout(resolve, 20));
      this.runs++;
    },
  });
  const runOnce = async (...runners: JobRunner[]) => {
    await Promise.all(runners.map((runner) => runner.tick()));
    await Promise.all(runners.map((runner) => runner.idle()));
  };

  it('run once over all replicas, and next at the next full interval', async () => {
    const job = counting();
    const replicas = [1, 2, 3, 4].map(() => runnerOf(job));
    await runOnce(...replicas);
    await runOnce(...replicas);
    expect(job.runs).toBe(1);
    const { next_run_at, lease_until } = await stored('count');
    expect(lease_until).toBeNull();
    expect(next_run_at.getTime() % 3_600_000).toBe(0);
    expect(next_run_at.getTime()).toBeGreaterThan(Date.now());
  });

  it('catch up once on what was missed while nobody ran', async () => {
    const job = counting();
    await runOnce(runnerOf(job));
    await makeDue('count');
    await runOnce(runnerOf(job));
    await runOnce(runnerOf(job));
    expect(job.runs).toBe(2);
  });

  it('are taken over from a replica that died, when its lease has run out and not before', async () => {
    const job = counting();
    await runOnce(runnerOf(job));
    await makeDue('count');
    const lease = (until: string) =>
      test.superuser(`update directory.jobs set lease_id = gen_random_uuid(), lease_until = now() + $1::interval`, [
        until,
      ]);
    await lease('10 seconds');
    await runOnce(runnerOf(job));
    expect(job.runs).toBe(1);
    await lease('-1 second');
    await runOnce(runnerOf(job));
    expect(job.runs).toBe(2);
  });

  it('that fail are told, and tried again after longer and longer', async () => {
    const errors: Error[] = [];
    const job: Job = { name: 'count', everySeconds: 3600, run: () => Promise.reject(new Error('no luck')) };
    await runOnce(runnerOf(job, errors));
    const first = await stored('count');
    expect(first).toMatchObject({ failures: 1, last_error: 'no luck', lease_until: null });
    expect(first.next_run_at.getTime() - Date.now()).toBeLessThan(16_000);
    await makeDue('count');
    await runOnce(runnerOf(job, errors));
    const second = await stored('count');
    expect(second.failures).toBe(2);
    expect(second.next_run_at.getTime() - Date.now()).toBeGreaterThan(25_000);
    expect(errors.map(({ message }) => message)).toEqual(Array(2).fill('The job count failed: no luck'));

    const well = counting();
    await makeDue('count');
    await runOnce(runnerOf(well));
    expect(await stored('count')).toMatchObject({ failures: 0, last_error: null });
  });

  it('stay due when the process ends in the middle', async () => {
    let begun!: () => void;
    const running = new Promise<void>((resolve) => (begun = resolve));
    const job: Job = {
      name: 'count',
      everySeconds: 3600,
      run: (signal) => {
        begun();
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      },
    };
    const runner = startJobs({ database: test.database, jobs: [job], onError: () => undefined });
    await running;
    await runner.stop();
    const again = counting();
    await runOnce(runnerOf(again));
    expect(again.runs).toBe(1);
  });

  it('are started by the ticker', async () => {
    const job = counting();
    await runOnce(runnerOf(job));
    const runner = startJobs({ database: test.database, jobs: [job], onError: () => undefined });
    await runner.idle();
    await makeDue('count');
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await runner.idle();
    await runner.stop();
    expect(job.runs).toBe(2);
  });

  it('grants and holds: what is due by the clock is booked', async () => {
    const world = await World.create(test);
    await world.customer('acme', '100');
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const bonus = { customer_id: 'acme', amount: '10', kind: 'bonus' as const, idempotency_key: 'bonus' };
    await topUp(world.talktime.ledger, world.partnerId, HOST, { ...bonus, expires_at: tomorrow });
    const call = { provider: 'retell', call_id: 'lost', customer_id: 'acme', minimum_seconds: 30 };
    await authorizeCall(world.talktime, world.partnerId, HOST, call);
    await test.superuser(`create or replace function talktime.clock() returns timestamptz language sql volatile
      as $$ select clock_timestamp() + interval '25 hours' $$`);
    const state = async () =>
      (
        await test.superuser<{ posted: string; held: string }>(
          'select posted::text, held::text from talktime.wallets where partner_id = $1 and wallet_id = 1',
          [world.partnerId],
        )
      )[0];
    // The whole balance is held, so nothing of the bonus has gone; the hold's end lets it go.
    await runOnce(runnerOf(grantsJob(world.talktime.ledger)));
    expect(await state()).toEqual({ posted: '110000000', held: '110000000' });
    await runOnce(runnerOf(holdsJob(world.talktime.ledger)));
    expect(await state()).toEqual({ posted: '100000000', held: '0' });
  });

  it('seal: every partner whose wallets have moved', async () => {
    const [moved, still] = [await World.create(test), await World.create(test)];
    await moved.customer('acme', '100');
    const job = sealJob(test.database);
    await runOnce(runnerOf(job));
    await makeDue('seal');
    await runOnce(runnerOf(job));
    await moved.topUp('acme', '1');
    await makeDue('seal');
    await runOnce(runnerOf(job));
    const { partners, findings } = await verify(test.database);
    expect(findings).toEqual([]);
    const sealed = (world: World) => partners.find(({ partnerId }) => partnerId === world.partnerId)!.seals;
    expect([sealed(moved), sealed(still)]).toEqual([2, 0]);
  });
});
