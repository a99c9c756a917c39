import type { StatementLine } from '@talktime/core/contract';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';

const HEADINGS = [
  'Type',
  'Amount',
  'Balance',
  'Note',
  'Date',
  'Kind',
  'Provider',
  'Call',
  'Actor',
  'Operation',
  'Receipt',
];

/** A statement as CSV, with the columns that users know first. */
export function statementCsv(lines: readonly StatementLine[]): string {
  const rows = lines.map((line) => [
    line.type,
    line.amount,
    line.balance,
    line.note,
    line.date,
    line.kind,
    line.call?.provider ?? '',
    line.call?.call_id ?? '',
    line.actor,
    line.operation_id,
    line.receipt_url ?? '',
  ]);
  return toCsv([HEADINGS, ...rows]);
}

/** Rows as CSV (RFC 4180). Numbers are ours, and stay figures: -12.2 must not become text. */
export function toCsv(rows: readonly (readonly (string | number | boolean | null)[])[]): string {
  return stringify(rows as (string | number | boolean | null)[][], {
    record_delimiter: '\r\n',
    quoted_match: /[\r\n]/, // a lone one too
    cast: {
      string: (text) => (DECIMAL.test(text) ? text : guarded(text)),
      number: decimal,
      boolean: String,
    },
  });
}

/**
 * The records of a CSV file, by the names of its first line. Cells come as text, without the guards of `toCsv`.
 * @throws CsvError when it is none: lines of different lengths, an open quote, no heading
 */
export function fromCsv(text: string): Record<string, string>[] {
  return parse(text, {
    columns: (headings: string[]) => headings.map((heading) => heading.trim().toLowerCase()),
    bom: true,
    skip_empty_lines: true,
    cast: unguarded,
  });
}

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** Never in exponent form. */
function decimal(credits: number): string {
  return credits.toFixed(6).replace(/\.?0+$/, '') || '0';
}

const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;

/**
 * What others typed, guarded against being read as a formula by a spreadsheet (OWASP, CSV injection): a cell that begins
 * with one of = + - @, a tab or a line break, or with apostrophes before one, gets an apostrophe in front.
 */
function guarded(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

function unguarded(text: string): string {
  return text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text;
}
