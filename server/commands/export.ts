import type { Database } from '@talktime/core/database';
import { exportBalances, exportCustomers, exportHistory } from '@talktime/core/records';
import { headingOf, writeRecord, type Format, type RecordKind, type RecordOf } from './records';

export interface ExportArguments {
  readonly kind: RecordKind;
  readonly partnerId: string;
  readonly format: Format;
  /** The history of one customer. */
  readonly customerId?: string;
  /** Balances and history as they stood then. */
  readonly at?: Date;
}

/** `talktime export`: writes a partner's records, page by page, so that any number of them fits. */
export async function runExport(
  database: Database,
  { kind, partnerId, format, customerId, at }: ExportArguments,
  write: (text: string) => Promise<void>,
): Promise<void> {
  if (format === 'csv') await write(headingOf(kind));
  const wallet = customerId === undefined ? undefined : { customerId };
  const records: Readonly<Record<RecordKind, () => AsyncIterable<RecordOf<RecordKind>>>> = {
    customers: () => exportCustomers(database, partnerId),
    balances: () => exportBalances(database, partnerId, at),
    history: () => exportHistory(database, partnerId, { wallet, at }),
  };
  for await (const record of records[kind]()) await write(writeRecord(kind, format, record));
}
