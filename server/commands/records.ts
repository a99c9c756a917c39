/** How records of customers, balances and history are written in files: CSV, or a JSON object a line. */
import {
  balanceRecord,
  customerRecord,
  historyRecord,
  type CustomerRecord,
  type Numbered,
} from '@talktime/core/records';
import type { z } from 'zod';
import { fromCsv, toCsv } from '../csv';

export const RECORD_KINDS = ['customers', 'balances', 'history'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];
export const FORMATS = ['csv', 'jsonl'] as const;
export type Format = (typeof FORMATS)[number];

/** A file that is not what it should be: nothing of it was imported. `problems` names each record. */
export class RecordsUnreadable extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

const SCHEMAS = { customers: customerRecord, balances: balanceRecord, history: historyRecord };

export type RecordOf<Kind extends RecordKind> = z.output<(typeof SCHEMAS)[Kind]>;

type Cell = string | number | boolean | null;
type Cells = Readonly<Record<string, string>>;

const SETTINGS = [
  'ai_credits_enabled',
  'price_per_minute',
  'initial_seconds',
  'increment_seconds',
  'grace_seconds',
  'overdraft',
  'shortfall_policy',
  'low_credit_threshold',
  'low_credit_notifications_enabled',
  'show_pricing_information',
  'customer_portal_enabled',
  'restrict_credit_plan_visibility',
  'visible_credit_plan_ids',
  'max_call_seconds',
  'max_concurrent_calls',
  'max_spend_per_day',
  'max_spend_per_month',
  'gate_failure',
  'end_calls_when_exhausted',
  'alert_levels',
  'alert_emails',
] as const;
const MAPPINGS = { agents: 'agent', phone_numbers: 'phone_number', metadata_values: 'metadata' } as const;

const COLUMNS: Readonly<Record<RecordKind, readonly string[]>> = {
  customers: ['id', 'name', ...SETTINGS, ...Object.keys(MAPPINGS)],
  balances: ['wallet', 'customer_id', 'posted', 'held', 'disputed', 'available', 'status', 'currency', 'money'],
  history: [
    'wallet',
    'customer_id',
    'sequence',
    'type',
    'amount',
    'balance',
    'note',
    'date',
    'kind',
    'provider',
    'call',
    'actor',
    'operation',
  ],
};

/** The first line of a CSV file. */
export const headingOf = (kind: RecordKind): string => toCsv([COLUMNS[kind]]);

/** One record, with its line end. */
export function writeRecord<Kind extends RecordKind>(kind: Kind, format: Format, record: RecordOf<Kind>): string {
  if (format === 'jsonl') return `${JSON.stringify(record)}\n`;
  const cells: Record<string, unknown> = kind === 'customers' ? customerCells(record as CustomerRecord) : record;
  return toCsv([COLUMNS[kind].map((column) => (cells[column] ?? null) as Cell)]);
}

/**
 * The records of a file, each numbered by its place.
 * @throws RecordsUnreadable naming every record that has not the documented form
 */
export function readRecords<Kind extends RecordKind>(
  kind: Kind,
  format: Format,
  text: string,
): Numbered<RecordOf<Kind>>[] {
  const problems: string[] = [];
  const records: Numbered<RecordOf<Kind>>[] = [];
  raw(kind, format, text).forEach((value, index) => {
    const parsed = SCHEMAS[kind].safeParse(value);
    if (parsed.success) records.push({ record: index + 1, value: parsed.data as RecordOf<Kind> });
    else
      for (const { path, message } of parsed.error.issues)
        problems.push(`record ${index + 1}: ${[path.join('.'), message].filter(Boolean).join(': ')}`);
  });
  if (problems.length > 0) throw new RecordsUnreadable(problems);
  if (kind === 'customers') requireDistinct(records as Numbered<CustomerRecord>[]);
  return records;
}

function raw(kind: RecordKind, format: Format, text: string): unknown[] {
  if (format === 'jsonl') {
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line, index) => {
        try {
          return JSON.parse(line) as unknown;
        } catch {
          throw new RecordsUnreadable([`record ${index + 1}: is no JSON object`]);
        }
      });
  }
  let rows: Cells[];
  try {
    rows = fromCsv(text);
  } catch (error) {
    throw new RecordsUnreadable([(error as Error).message]);
  }
  const unknown = Object.keys(rows[0] ?? {}).filter((column) => !COLUMNS[kind].includes(column));
  if (unknown.length > 0)
    throw new RecordsUnreadable([
      `the columns of ${kind} are ${COLUMNS[kind].join(', ')}; ${unknown.map((column) => `"${column}"`).join(', ')} is none of them`,
    ]);
  return rows.map((row) => (kind === 'customers' ? customerOf(row) : withoutEmpty(row)));
}

/** A customer or a mapping that is named twice would be what the last record says; which one is meant is not ours to guess. */
function requireDistinct(records: readonly Numbered<CustomerRecord>[]): void {
  const seen = new Map<string, number>();
  const problems: string[] = [];
  for (const { record, value } of records) {
    const names = [
      `customer ${value.id}`,
      ...(value.mappings ?? []).map(({ kind, value: of }) => `${kind.replace('_', ' ')} ${of}`),
    ];
    for (const name of new Set(names)) {
      const before = seen.get(name);
      if (before !== undefined) problems.push(`record ${record}: the ${name} is in record ${before} already`);
      else seen.set(name, record);
    }
  }
  if (problems.length > 0) throw new RecordsUnreadable(problems);
}

/** No limit, in a cell: an empty one leaves the setting as it is. */
const NONE = 'none';

function customerCells({ id, name, settings = {}, mappings = [] }: CustomerRecord): Record<string, Cell> {
  const {
    price_per_minute: price,
    rounding,
    visible_credit_plan_ids: plans,
    alert_levels: levels,
    ...others
  } = settings;
  const { alert_emails: emails, ...rest } = others;
  const limits = Object.fromEntries(Object.entries(rest).map(([field, value]) => [field, value ?? NONE]));
  const values = (kind: string) => mappings.flatMap((each) => (each.kind === kind ? [each.value] : [])).join(SEPARATOR);
  return {
    id,
    name,
    ...limits,
    price_per_minute: price && 'credits' in price ? price.credits : null,
    initial_seconds: rounding?.initial_seconds ?? null,
    increment_seconds: rounding?.increment_seconds ?? null,
    visible_credit_plan_ids: listed(plans),
    alert_levels:
      levels === null ? PARTNERS : listed(levels?.map((each) => `${each.status} ${each.value} ${each.kind}`)),
    alert_emails: listed(emails),
    ...Object.fromEntries(Object.entries(MAPPINGS).map(([column, kind]) => [column, values(kind)])),
  };
}

const SEPARATOR = ';';
const listed = (values: readonly string[] | undefined): Cell =>
  values === undefined ? null : values.join(SEPARATOR) || NONE;
/** The levels that the partner has for its customers. */
const PARTNERS = "partner's";

const list = (cell: string): string[] =>
  cell
    .split(SEPARATOR)
    .map((each) => each.trim())
    .filter((each) => each !== '');

/** What a row says, in the form of the API; a cell that fits no field is left for its schema to refuse. */
function customerOf(row: Cells): unknown {
  const { id, name, price_per_minute, initial_seconds, increment_seconds, ...others } = withoutEmpty(row);
  const { visible_credit_plan_ids, alert_levels, alert_emails, ...cells } = others;
  const mappings = Object.entries(MAPPINGS).flatMap(([column, kind]) =>
    list(cells[column] ?? '').map((value) => ({ kind, value })),
  );
  const settings = Object.entries(cells).filter(([column]) => !(column in MAPPINGS));
  return {
    id,
    name,
    settings: {
      ...Object.fromEntries(settings.map(([column, cell]) => [column, settingOf(column, cell)])),
      ...(price_per_minute !== undefined && { price_per_minute: { credits: price_per_minute } }),
      ...((initial_seconds ?? increment_seconds) !== undefined && {
        rounding: { initial_seconds: Number(initial_seconds), increment_seconds: Number(increment_seconds) },
      }),
      ...(visible_credit_plan_ids !== undefined && {
        visible_credit_plan_ids: visible_credit_plan_ids === NONE ? [] : list(visible_credit_plan_ids),
      }),
      ...(alert_levels !== undefined && { alert_levels: levelsOf(alert_levels) }),
      ...(alert_emails !== undefined && { alert_emails: alert_emails === NONE ? [] : list(alert_emails) }),
    },
    mappings,
  };
}

/** `low 25 percent;critical 2 days` */
function levelsOf(cell: string): unknown {
  if (cell === PARTNERS) return null;
  if (cell === NONE) return [];
  return list(cell).map((each) => {
    const [status, value, kind] = each.split(/\s+/);
    return { status, value, kind };
  });
}

const WHOLE = new Set(['grace_seconds', 'max_call_seconds', 'max_concurrent_calls']);

function settingOf(column: string, cell: string): unknown {
  if (cell === NONE) return null;
  if (WHOLE.has(column)) return Number(cell);
  if (/^(true|yes)$/i.test(cell)) return true;
  if (/^(false|no)$/i.test(cell)) return false;
  return cell;
}

function withoutEmpty(row: Cells): Record<string, string> {
  return Object.fromEntries(
    Object.entries(row)
      .map(([column, cell]) => [column, cell.trim()] as const)
      .filter(([, cell]) => cell !== ''),
  );
}
