import type { Actor } from '@talktime/core/access';
import type { Ledger } from '@talktime/core/ledger';
import { importBalances, importCustomers, importHistory, type RecordOutcome } from '@talktime/core/records';
import { readRecords, type Format, type RecordKind } from './records';

export interface ImportArguments {
  readonly kind: RecordKind;
  readonly partnerId: string;
  readonly actor: Actor;
  readonly format: Format;
  readonly text: string;
  /** Says what would happen, and changes nothing. */
  readonly dryRun: boolean;
}

/**
 * `talktime import`: reads the whole file first, so that a malformed one changes nothing, then takes it record by record. A
 * record that is refused is named, and the others go on; once it is mended the same file may be imported again.
 *
 * @returns the exit code: 0 when no record was refused, else 1
 * @throws RecordsUnreadable when a record has not the documented form
 */
export async function runImport(
  ledger: Ledger,
  { kind, partnerId, actor, format, text, dryRun }: ImportArguments,
  print: (line: string) => void,
): Promise<number> {
  const counts = { created: 0, updated: 0, posted: 0, nothing: 0, refused: 0 };
  for await (const { record, about, outcome, detail } of outcomes()) {
    counts[outcome]++;
    print(`${record}  ${about}  ${outcome}: ${detail}`);
  }
  const summary = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`);
  print(`${dryRun ? 'Dry run, nothing was changed: ' : ''}${summary.join(', ') || 'the file has no record'}.`);
  return counts.refused > 0 ? 1 : 0;

  function outcomes(): AsyncIterable<RecordOutcome> {
    const options = { dryRun };
    switch (kind) {
      case 'customers':
        return importCustomers(ledger.database, partnerId, actor, readRecords(kind, format, text), options);
      case 'balances':
        return importBalances(ledger, partnerId, actor, readRecords(kind, format, text), options);
      case 'history':
        return importHistory(ledger, partnerId, actor, readRecords(kind, format, text), options);
    }
  }
}
