import type { z } from 'zod';
import { audit } from '../access/audit';
import { customerCreate, customerId, settingsPatch, type Customer, type SettingsPatch } from '../contract';
import {
  changeCustomer,
  insertCustomer,
  insertMapping,
  listCustomers,
  listMappings,
  lockCustomers,
  readCustomer,
} from '../customers';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import type { Actor } from '../ledger';
import { orRefused, type ImportOptions, type Numbered, type RecordOutcome } from './outcome';

/** A customer as a record: what creating it takes, with its id. */
export const customerRecord = customerCreate.extend({ id: customerId });
export type CustomerRecord = z.output<typeof customerRecord>;

/** A partner's customers, by name, with the settings and mappings that make the same customer elsewhere. */
export async function* exportCustomers(database: Database, partnerId: string): AsyncGenerator<CustomerRecord> {
  let cursor: string | undefined;
  do {
    const page = await listCustomers(database, partnerId, { limit: 200, cursor });
    for (const customer of page.items) {
      const mappings = await listMappings(database, partnerId, { customerId: customer.id });
      yield {
        id: customer.id,
        name: customer.name,
        settings: settingsOf(customer),
        mappings: mappings.map(({ kind, value }) => ({ kind, value })),
      };
    }
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

/**
 * Creates the customers that are not there, and brings the others to what their records say. What a record leaves out stays
 * as it is, and no mapping is taken away; so the same records again change nothing.
 */
export async function* importCustomers(
  database: Database,
  partnerId: string,
  actor: Actor,
  records: readonly Numbered<CustomerRecord>[],
  { dryRun }: ImportOptions,
): AsyncGenerator<RecordOutcome> {
  for (const { record, value } of records) {
    yield orRefused(record, value.id, async () => {
      const work = (transaction: Transaction) => importCustomer(transaction, partnerId, actor, value);
      return keepIf(database, partnerId, work, ({ outcome }) => !dryRun && outcome !== 'nothing');
    });
  }
}

async function importCustomer(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  record: CustomerRecord,
): Promise<Omit<RecordOutcome, 'record' | 'about'>> {
  const now = await lockCustomers(transaction, partnerId);
  const before = await readCustomer(transaction, partnerId, record.id).catch(nullWhenAbsent);
  if (!before) {
    await insertCustomer(transaction, partnerId, actor, record, now);
    return { outcome: 'created', detail: `${record.name}, ${counted(record.mappings?.length ?? 0)}` };
  }
  let added = 0;
  for (const mapping of record.mappings ?? []) {
    const inserted = await insertMapping(transaction, partnerId, { ...mapping, customer_id: record.id });
    if (!inserted.added) continue;
    await audit(transaction, partnerId, actor, 'mapping.added', record.id, { kind: mapping.kind });
    added++;
  }
  const patch = { name: record.name, settings: record.settings };
  const after = await changeCustomer(transaction, partnerId, actor, record.id, patch, now);
  const changes = [...changed(before, after), ...(added > 0 ? [counted(added)] : [])];
  return changes.length === 0
    ? { outcome: 'nothing', detail: 'is like that already' }
    : { outcome: 'updated', detail: changes.join(', ') };
}

const counted = (mappings: number) => `${mappings} ${mappings === 1 ? 'mapping' : 'mappings'}`;

function nullWhenAbsent(error: unknown): null {
  if (error instanceof TalktimeError && error.code === 'CUSTOMER_NOT_FOUND') return null;
  throw error;
}

/** Does it, and takes it back unless it is to be kept: so a dry run meets every rule that the real one does. */
async function keepIf<T>(
  database: Database,
  partnerId: string,
  work: (transaction: Transaction) => Promise<T>,
  keep: (result: T) => boolean,
): Promise<T> {
  const takenBack = new Error('Taken back');
  let result: T | undefined;
  await database
    .asPartner(partnerId, async (transaction) => {
      result = await work(transaction);
      if (!keep(result)) throw takenBack;
    })
    .catch((error: unknown) => {
      if (error !== takenBack) throw error;
    });
  return result as T;
}

/** The names of what differs. */
function changed(before: Customer, after: Customer): string[] {
  const [old, now] = [settingsOf(before), settingsOf(after)];
  return [
    ...(before.name === after.name ? [] : ['name']),
    ...Object.keys(settingsPatch.shape).filter((field) => {
      const key = field as keyof SettingsPatch;
      return JSON.stringify(old[key]) !== JSON.stringify(now[key]);
    }),
  ];
}

/** Settings as they are sent: the rate in its two fields, credits as text. */
function settingsOf({ settings: { rate, overdraft, ...settings } }: Customer): SettingsPatch {
  const text = (credits: number | null) => (credits === null ? null : creditsText(credits));
  return {
    ...settings,
    overdraft: creditsText(overdraft),
    low_credit_threshold: text(settings.low_credit_threshold),
    alert_levels: settings.alert_levels?.map((level) => ({ ...level, value: creditsText(level.value) })) ?? null,
    max_spend_per_day: text(settings.max_spend_per_day),
    max_spend_per_month: text(settings.max_spend_per_month),
    ...(rate && { price_per_minute: { credits: creditsText(rate.credits_per_minute) }, rounding: rate.rounding }),
  };
}

/** Credits of an answer as text, exact and never in exponent form. */
export function creditsText(credits: number): string {
  return credits.toFixed(6).replace(/\.?0+$/, '');
}
