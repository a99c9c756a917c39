import { AsyncLocalStorage } from 'node:async_hooks';
import { Database, type DatabaseOptions, type Transaction } from '@talktime/core/database';
import type { Command, Outcome } from '@talktime/core/ledger';
import type { Step } from './steps';

/** What one committed transaction did: a batch that was folded, or a change of settings. */
export interface Committed {
  readonly batches: {
    readonly commands: readonly Command[];
    readonly now: number;
    readonly outcomes: readonly Outcome[];
  }[];
  readonly step: Step | null;
}

const transactions = new AsyncLocalStorage<Committed>();
const steps = new AsyncLocalStorage<Step>();

/** Called with every fold. It belongs to the transaction that it was called in. */
export function heardFold(commands: readonly Command[], now: number, outcomes: readonly Outcome[]): void {
  transactions.getStore()?.batches.push({ commands, now, outcomes });
}

/** Says which step a transaction inside of `work` belongs to. */
export function during<T>(step: Step, work: () => Promise<T>): Promise<T> {
  return steps.run(step, work);
}

/**
 * A database that writes down its transactions in the order in which they took effect. Each is noted while it still holds
 * the partner's lock, and struck out when it failed to commit; so several replicas may share one log.
 */
export class RecordingDatabase extends Database {
  constructor(
    options: DatabaseOptions,
    readonly log: Committed[],
  ) {
    super(options);
  }

  override async asPartner<T>(partnerId: string, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    let noted: Committed | undefined;
    const strikeOut = () => {
      if (noted) this.log.splice(this.log.indexOf(noted), 1);
      noted = undefined;
    };
    try {
      return await super.asPartner(partnerId, async (transaction) => {
        strikeOut();
        const committed: Committed = { batches: [], step: steps.getStore() ?? null };
        const result = await transactions.run(committed, () => work(transaction));
        noted = committed;
        this.log.push(committed);
        return result;
      });
    } catch (error) {
      strikeOut();
      throw error;
    }
  }
}
