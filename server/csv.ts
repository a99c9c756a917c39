import type { StatementLine } from '@talktime/core/contract';

const HEADINGS = ['Type', 'Amount', 'Balance', 'Note', 'Date', 'Kind', 'Provider', 'Call', 'Actor', 'Operation'];

/** A statement as CSV (RFC 4180), with the columns that users know first. */
export function statementCsv(lines: readonly StatementLine[]): string {
  const rows = lines.map((line) => [
    line.type,
    decimal(line.amount),
    decimal(line.balance),
    text(line.note),
    line.date,
    line.kind,
    text(line.call?.provider ?? ''),
    text(line.call?.call_id ?? ''),
    text(line.actor),
    line.operation_id,
  ]);
  return [HEADINGS, ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/** Figures are ours, and stay figures: -12.2 must not become text. Never in exponent form. */
function decimal(credits: number): string {
  return credits.toFixed(6).replace(/\.?0+$/, '') || '0';
}

/**
 * What others typed, guarded against being read as a formula by a spreadsheet (OWASP, CSV injection): a cell that begins
 * with one of = + - @, a tab or a line break gets an apostrophe in front. Then quoted, if it needs to be.
 */
function text(value: string): string {
  const guarded = /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
