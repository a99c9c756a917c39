import { inert, moment } from '../messages/text';
import { retype } from '../messages/text';
import type { AlertsData } from '../ports';

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** "2h", "90 min", "1d", at the end of what was typed. */
const DURATION = /(?:^|\s)(\d{1,4})\s?(m|h|d)(?:in(?:ute)?s?|ours?|ays?)?$/i;

/** "acme dental 2h" in its parts; null milliseconds: no duration was typed. */
export function splitDuration(argument: string): { words: string; milliseconds: number | null } {
  const typed = retype(argument);
  const found = DURATION.exec(typed);
  if (!found) return { words: typed, milliseconds: null };
  const unit = found[2]!.toLowerCase() as keyof typeof UNITS;
  return { words: typed.slice(0, found.index).trim(), milliseconds: Number(found[1]) * UNITS[unit] };
}

type Snoozed = Awaited<ReturnType<AlertsData['snooze']>>;

/** What came of keeping alerts quiet: of one balance that has a name, or of several. */
export function lasting(done: readonly Snoozed[], until: Date, name: string | null): string {
  const refused = done.find((each) => each.kind === 'refused');
  if (refused) return `🔴 Nothing was changed: ${inert(refused.detail, 300)}`;
  const count = done.filter(({ kind }) => kind === 'snoozed').length;
  if (count === 0) return '🟢 This alert is over: there is nothing to keep quiet.';
  const what =
    name === null ? `${count} open ${count === 1 ? 'alert is' : 'alerts are'}` : `*${inert(name)}*’s alerts are`;
  return `💤 ${what} quiet until ${moment(until)}. Worse news comes all the same.`;
}
