import type { Audience, ThreadEntry } from '@talktime/core/alerts';
import { LOOKS, because } from './alert';
import { credits } from './amounts';
import { DOUBLED } from './alert-notes';
import { context, section, type Message } from './message';
import { inert, moment } from './text';

/** A section holds 3,000 characters; each line stays below 400. */
const LINES_A_SECTION = 7;
/** What is older than the last of these is summed up. */
const MOST_LINES = 21;

/**
 * The reply in a message's thread: what happened since the message was last changed, each with its moment. Updating a
 * message notifies nobody, and bad news must not arrive in silence.
 *
 * @param shows whether balances may be said: not to a customer whose prices are hidden
 */
export function threadMessage(
  entries: readonly ThreadEntry[],
  { audience, shows, doubtful }: { readonly audience: Audience; readonly shows: boolean; readonly doubtful: boolean },
): Message {
  const kept = entries.slice(-MOST_LINES);
  const lines = kept.map((entry) => line(entry, audience === 'partner' || shows));
  const left = entries.length - kept.length;
  const all = left > 0 ? [`… ${left} earlier changes`, ...lines] : lines;
  const sections = Array.from({ length: Math.ceil(all.length / LINES_A_SECTION) }, (_, index) =>
    section(all.slice(index * LINES_A_SECTION, (index + 1) * LINES_A_SECTION).join('\n')),
  );
  const last = entries.at(-1);
  return {
    text: last ? `${markOf(last)} ${inert(last.name)}: ${words(last)}` : 'Changed',
    blocks: [...sections, ...(doubtful ? [context(DOUBLED)] : [])],
  };
}

function line(entry: ThreadEntry, shows: boolean): string {
  const balance = shows && !isMargin(entry) ? `, ${credits(entry.posted)}` : '';
  return `${markOf(entry)} *${inert(entry.name)}*: ${words(entry)}${balance} · ${moment(entry.at)}`;
}

function isMargin({ event }: ThreadEntry): boolean {
  return event === 'margin_low' || event === 'margin_recovered';
}

function markOf({ event }: ThreadEntry): string {
  if (event === 'snooze_ended') return '⏰';
  if (event === 'margin_low') return '📉';
  if (event === 'margin_recovered') return '📈';
  return LOOKS[event].mark;
}

const STILL = { ok: 'fine', low: 'low', critical: 'very low', exhausted: 'out of credits' } as const;

function words({ event, status, detail }: ThreadEntry): string {
  switch (event) {
    case 'low':
      return 'low on credits';
    case 'critical':
      return 'very low on credits';
    case 'exhausted':
      return 'out of credits';
    case 'improved':
      return 'improved, but still low';
    case 'recovered':
      return 'recovered';
    case 'recharge_failed':
      return `automatic recharge failed${because(detail)}`;
    case 'snooze_ended':
      return `the snooze has ended, still ${STILL[status]}`;
    case 'margin_low':
      return 'margin too low';
    case 'margin_recovered':
      return 'margin recovered';
  }
}
