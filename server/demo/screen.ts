const PLAIN = Boolean(process.env.NO_COLOR) || !process.stdout.isTTY;

const style = (code: number) => (text: string) => (PLAIN ? text : `\u001B[${code}m${text}\u001B[0m`);
export const bold = style(1);
export const dim = style(2);
export const green = style(32);
export const red = style(31);
export const cyan = style(36);

export const colourful = !PLAIN;

export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function heading(text: string): void {
  say();
  say(bold(text));
  say(dim('─'.repeat(text.length)));
}

export function indented(text: string, by = 2): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(by));
}

/** Columns as wide as their widest cell; figures to the right. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): void {
  const widths = headings.map((_, column) => Math.max(...[headings, ...rows].map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  say(`  ${dim(line(headings))}`);
  for (const row of rows) say(`  ${line(row)}`);
}

/** Credits without trailing zeros, with a sign where one matters. */
export function credits(value: number, signed = false): string {
  const text = value.toFixed(6).replace(/\.?0+$/, '') || '0';
  return signed && value > 0 ? `+${text}` : text;
}
