import { TalktimeError } from '../contract/errors';

/** What became of one record of an import, or in a dry run would. */
export interface RecordOutcome {
  /** Counts the records of a file from 1. */
  readonly record: number;
  /** The customer that it is about, or "partner". */
  readonly about: string;
  readonly outcome: 'created' | 'updated' | 'posted' | 'nothing' | 'refused';
  /** In words: what changes, or why it was refused. */
  readonly detail: string;
}

/** A record with its place in the file. */
export interface Numbered<T> {
  readonly record: number;
  readonly value: T;
}

export interface ImportOptions {
  /** Says what would happen, and changes nothing. */
  readonly dryRun: boolean;
}

/** Refusals are outcomes of their record, and the next ones go on; anything else is not known and ends the import. */
export async function orRefused(
  record: number,
  about: string,
  work: () => Promise<Omit<RecordOutcome, 'record' | 'about'>>,
): Promise<RecordOutcome> {
  try {
    return { record, about, ...(await work()) };
  } catch (error) {
    if (!(error instanceof TalktimeError)) throw error;
    return { record, about, outcome: 'refused', detail: `${error.code}: ${error.detail}` };
  }
}
