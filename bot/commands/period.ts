import { retype } from '../messages/text';

/** "Acme Dental 30d" in its parts. `days` is null when a time was typed that cannot be asked for. */
export function splitPeriod(
  argument: string,
  periods: readonly number[],
  usual: number,
): { rest: string; days: number | null; typed: string } {
  const [, rest = '', typed = ''] = /^(.*?)(?:^|\s)(\d{1,4}\s?d(?:ays?)?)\s*$/is.exec(argument) ?? [];
  if (typed === '') return { rest: argument.trim(), days: usual, typed: '' };
  const days = parseInt(typed, 10);
  return { rest: rest.trim(), days: periods.includes(days) ? days : null, typed: retype(typed) };
}
