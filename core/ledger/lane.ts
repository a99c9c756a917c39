import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { announcementsOf, insertAnnouncements } from './announcements';
import type { Command } from './commands';
import { fold, type Folded, type Outcome } from './fold';
import { loadBacking, lockAndLoad } from './load';
import { NO_BACKING, type Result } from './state';
import { writeAll } from './write';

/** A batch holds at most this many commands. */
const LARGEST_BATCH = 256;
/** A partner has at most this many commands waiting; the next one is refused. */
const LONGEST_QUEUE = 10_000;

interface Waiting {
  readonly command: Command;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  readonly waiting: Waiting[];
  running: boolean;
}

export interface Answered {
  readonly result: Result;
  readonly replayed: boolean;
}

/**
 * The one writer of the ledger. Each partner has a lane: while a batch of it is in flight, further commands gather, and
 * go together in the next one. A batch locks the partner, loads what its commands may touch, folds, and writes
 * everything in one transaction. Other replicas do the same; the partner's lock puts their batches one after another.
 */
export class Ledger {
  readonly #lanes = new Map<string, Lane>();

  constructor(readonly database: Database) {}

  /**
   * Applies a command, and answers when it is committed.
   * @throws TalktimeError when it was refused; then nothing was changed. On any other error the outcome is unknown:
   * send the same command again, its key or identity makes it happen once.
   */
  async submit(partnerId: string, command: Command): Promise<Answered> {
    const outcome = await new Promise<Outcome>((resolve, reject) =>
      this.#enqueue(partnerId, { command, resolve, reject }),
    );
    if (!outcome.ok) throw outcome.error;
    return { result: outcome.result, replayed: outcome.replayed };
  }

  /** What the commands would be answered now, in this order, one seeing what those before it would do. Changes nothing. */
  async preview(partnerId: string, commands: readonly Command[]): Promise<Outcome[]> {
    return this.database.asPartner(
      partnerId,
      async (transaction) => (await decide(transaction, partnerId, commands)).outcomes,
    );
  }

  #enqueue(partnerId: string, waiting: Waiting): void {
    const lane = this.#lanes.get(partnerId) ?? { waiting: [], running: false };
    this.#lanes.set(partnerId, lane);
    if (lane.waiting.length >= LONGEST_QUEUE) {
      waiting.resolve({
        ok: false,
        error: new TalktimeError(
          'OVERLOADED',
          'Too many changes of this partner are waiting. Try again in a few seconds; the same key is safe.',
        ),
      });
      return;
    }
    lane.waiting.push(waiting);
    if (!lane.running) void this.#run(partnerId, lane);
  }

  async #run(partnerId: string, lane: Lane): Promise<void> {
    lane.running = true;
    while (lane.waiting.length > 0) {
      await nextTurn();
      await this.#settle(partnerId, lane.waiting.splice(0, LARGEST_BATCH));
    }
    lane.running = false;
    this.#lanes.delete(partnerId);
  }

  /** Runs a batch. When it fails as a whole, each command is tried alone, so that one bad one takes no neighbours along. */
  async #settle(partnerId: string, batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#commit(
        partnerId,
        batch.map((each) => each.command),
      );
      batch.forEach((each, index) => each.resolve(outcomes[index]!));
    } catch (error) {
      const [only] = batch;
      if (batch.length === 1) only!.reject(error);
      else for (const each of batch) await this.#settle(partnerId, [each]);
    }
  }

  async #commit(partnerId: string, commands: readonly Command[]): Promise<Outcome[]> {
    return this.database.asPartner(partnerId, async (transaction) => {
      return (await book(transaction, partnerId, commands)).outcomes;
    });
  }
}

/**
 * Applies a command within a transaction of the caller's, for what must happen together with it or not at all. It waits
 * for the partner's lock as every batch does; the caller's transaction should be short.
 * @throws TalktimeError when it was refused; roll the transaction back then.
 */
export async function applyWithin(transaction: Transaction, partnerId: string, command: Command): Promise<Answered> {
  const [outcome] = (await book(transaction, partnerId, [command])).outcomes;
  if (!outcome!.ok) throw outcome!.error;
  return outcome!;
}

/**
 * Lets those who have just been answered ask again before the next batch is taken. Without it the first of them makes a
 * batch alone, and all the others wait for it and then make the next one: batches of 1 and of N - 1 in turn, which is
 * the stall of 64 callers (docs/decisions/0010).
 */
const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** Decides, and writes what follows: the ledger, and what there is to announce. */
async function book(transaction: Transaction, partnerId: string, commands: readonly Command[]): Promise<Decided> {
  const decided = await decide(transaction, partnerId, commands);
  const { outcomes, writes, now, announces } = decided;
  writeAll(transaction, partnerId, writes);
  if (announces) insertAnnouncements(transaction, partnerId, announcementsOf(partnerId, outcomes, writes, now));
  return decided;
}

interface Decided extends Folded {
  /** The moment that the batch is dated. */
  readonly now: number;
  readonly announces: boolean;
}

/** Locks the partner, loads what the commands may touch, and folds. */
async function decide(transaction: Transaction, partnerId: string, commands: readonly Command[]): Promise<Decided> {
  const loaded = await lockAndLoad(transaction, partnerId, commands);
  if (!loaded) throw new TalktimeError('PARTNER_NOT_FOUND', 'There is no such partner.');
  let folded = fold(loaded.state, commands, loaded.now);
  // Hardly ever: what a reversal or a payment of debt needs besides is loaded when the fold asks for it.
  for (let backing = NO_BACKING; folded.missing.length > 0; ) {
    backing = await loadBacking(transaction, partnerId, backing, folded.missing);
    folded = fold({ ...loaded.state, backing }, commands, loaded.now);
  }
  return { ...folded, now: loaded.now, announces: loaded.state.partner.announces };
}
