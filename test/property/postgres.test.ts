import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger, getStatement } from '@talktime/core/ledger';
import * as fc from 'fast-check';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { walletId } from './carrier';
import { microcredits } from './commands';
import { agree, Difference } from './compare';
import { histories, LAST_MOMENT } from './histories';
import { agreeOnChange, PartnerUnderTest } from './partner';
import { during, RecordingDatabase, type Committed } from './recording';
import { runs } from './runs';
import { CUSTOMERS, PARTNER, type Happened, type History, type LedgerStep, type Step } from './steps';

// The fold works as ever; what it was asked and when is written down beside it (recording.ts).
jest.mock('../../core/ledger/fold', () => {
  const real = jest.requireActual<typeof import('../../core/ledger/fold')>('../../core/ledger/fold');
  const { heardFold } = jest.requireActual<typeof import('./recording')>('./recording');
  const fold: typeof real.fold = (state, commands, now) => {
    const folded = real.fold(state, commands, now);
    if (folded.missing.length === 0) heardFold(commands, now, folded.outcomes);
    return folded;
  };
  return { ...real, fold };
});

describe('the ledger on Postgres and the model', () => {
  let test: TestDatabase;
  let client: Client;
  let replicas: RecordingDatabase[];
  const log: Committed[] = [];
  const query = async <Row extends object>(sql: string, values?: unknown[]) =>
    (await client.query<Row>(sql, values)).rows;

  beforeAll(async () => {
    test = await createTestDatabase();
    client = new Client({ connectionString: test.url });
    await client.connect();
    replicas = [1, 2].map(() => new RecordingDatabase({ url: test.url }, log));
  });
  afterAll(async () => {
    await client.end();
    await Promise.all(replicas.map((replica) => replica.close()));
    await test.drop();
  });

  it('tell the same of a history told step by step', async () => {
    const property = fc.asyncProperty(histories(40), async (history) => {
      const under = await PartnerUnderTest.create(replicas[0]!, history);
      await tellInTurn(under, history, log);
      await passTime(under, log);
      await under.check(query);
      await checkStatements(under);
    });
    await fc.assert(property, runs(20, 'postgres'));
  }, 3_600_000);

  it('tell the same of a history told by several callers to two replicas at once, in the order of its commits', async () => {
    const callers = fc.record({ callers: fc.integer({ min: 2, max: 6 }), atOnce: fc.integer({ min: 1, max: 12 }) });
    const property = fc.asyncProperty(histories(40), callers, async (history, how) => {
      const under = await PartnerUnderTest.create(replicas[0]!, history);
      log.length = 0;
      const told = await tellAtOnce(
        under,
        history.steps,
        how.callers,
        how.atOnce,
        replicas.map((each) => new Ledger(each)),
      );
      replay(under, log, told);
      await passTime(under, log);
      await under.check(query);
      await checkStatements(under);
    });
    await fc.assert(property, runs(20, 'postgres'));
  }, 3_600_000);
});

async function tellInTurn(under: PartnerUnderTest, history: History, log: Committed[]): Promise<void> {
  const ledger = new Ledger(under.database);
  const starts = new Starts();
  for (const step of history.steps) {
    const startedAt = starts.of(step);
    log.length = 0;
    if (step.kind === 'settings' || step.kind === 'mapping') {
      const { code, from } = await under.change(step);
      agreeOnChange(step, under.model.apply(step, from, null), code);
      continue;
    }
    const { real } = await under.submit(ledger, step, startedAt);
    const { now } = log[0]!.batches[0]!;
    agree(step, under.model.apply(step, now, startedAt), real);
  }
}

/** Waits for the last moment of the history, books what is due in every wallet, in one batch, and brings the model there. */
async function passTime(under: PartnerUnderTest, log: Committed[]): Promise<void> {
  await sleep(Math.max(0, under.translation.moment(LAST_MOMENT)! + 1 - Date.now()));
  log.length = 0;
  const ledger = new Ledger(under.database);
  const wallets = [PARTNER, ...CUSTOMERS].map(walletId);
  await Promise.all(wallets.map((id) => ledger.submit(under.id, { kind: 'mature', walletId: id })));
  const batches = log.flatMap((committed) => committed.batches);
  if (batches.length !== 1) throw new Error(`Expected one batch, and there were ${batches.length}`);
  under.model.pass(batches[0]!.now);
}

interface Told {
  readonly step: Step;
  readonly startedAt: number | null;
  readonly real: Happened;
}

/** Each caller tells its share of the steps, several at once. Answers what each command was answered. */
async function tellAtOnce(
  under: PartnerUnderTest,
  steps: readonly Step[],
  callers: number,
  atOnce: number,
  ledgers: readonly Ledger[],
): Promise<Map<object, Told>> {
  const told = new Map<object, Told>();
  const starts = new Starts();
  const tell = async (step: Step, startedAt: number | null, ledger: Ledger) => {
    if (step.kind === 'settings' || step.kind === 'mapping') {
      const { code, from } = await during(step, () => under.change(step));
      told.set(step, { step, startedAt: from, real: code === null ? DONE : { ok: false, code } });
    } else {
      const { command, real } = await under.submit(ledger, step, startedAt);
      told.set(command, { step, startedAt, real });
    }
  };
  const waiting = steps.map((step, index) => ({ step, startedAt: starts.of(step), caller: index % callers }));
  const each = async (caller: number) => {
    const own = waiting.filter((one) => one.caller === caller);
    while (own.length > 0)
      await Promise.all(
        own.splice(0, atOnce).map(({ step, startedAt }) => tell(step, startedAt, ledgers[caller % ledgers.length]!)),
      );
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => each(caller)));
  return told;
}

const DONE: Happened = { ok: true, replayed: false, answer: { outcome: 'ignored' } };

/** Tells the model what was committed, in that order: every answer must have been what it expects there. */
function replay(under: PartnerUnderTest, log: readonly Committed[], told: ReadonlyMap<object, Told>): void {
  const open = new Set(told.keys());
  const next = (key: object, now: number | null) => {
    const { step, startedAt, real } = told.get(key)!;
    if (!open.delete(key)) throw new Difference('Done twice', step, null, real);
    const isChange = step.kind === 'settings' || step.kind === 'mapping';
    const expected = under.model.apply(step, now ?? startedAt ?? 0, startedAt);
    if (isChange) agreeOnChange(step, expected, real.ok ? null : real.code);
    else agree(step, expected, real);
  };
  for (const { step, batches } of log) {
    if (step && told.has(step)) next(step, null);
    for (const { commands, now } of batches) for (const command of commands) next(command, now);
  }
  // A change of settings that was refused did not commit, and so is in no order.
  for (const key of open) {
    const { step, real } = told.get(key)!;
    if (real.ok) throw new Difference('Acknowledged and not committed', step, null, real);
  }
}

/** When calls started: told once, the same in every report of a call. */
class Starts {
  readonly #known = new Map<string, number | null>();
  readonly #moments: number[] = [];

  of(step: Step): number | null {
    this.#moments.push(Date.now());
    if (step.kind !== 'call') return null;
    if (!this.#known.has(step.call)) this.#known.set(step.call, this.#first(step));
    return this.#known.get(step.call)!;
  }

  #first({ started }: Extract<LedgerStep, { kind: 'call' }>): number | null {
    if (started === null) return null;
    if (started === 'early') return Date.now() - 86_400_000;
    return this.#moments.at(-1 - started) ?? this.#moments[0]!;
  }
}

/** Page by page, each wallet's statement tells all of its postings, newest first, down from its balance. */
async function checkStatements(under: PartnerUnderTest): Promise<void> {
  for (const name of [PARTNER, ...CUSTOMERS]) {
    const who = name === PARTNER ? ('partner' as const) : { customerId: name };
    let balance = under.model.wallets.get(name)!.posted;
    let sequence: number | null = null;
    let cursor: string | undefined;
    do {
      const page = await getStatement(
        under.database,
        under.id,
        who,
        cursor === undefined ? { limit: 7 } : { limit: 7, cursor },
      );
      for (const line of page.lines) {
        if (microcredits(line.balance) !== balance || (sequence !== null && line.sequence !== sequence - 1))
          throw new Difference(`The statement of ${name}`, line, balance, line);
        balance -= microcredits(line.amount);
        sequence = line.sequence;
      }
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    if (balance !== 0n || (sequence ?? 1) !== 1)
      throw new Difference(`The statement of ${name} ends`, null, 0n, balance);
  }
}
