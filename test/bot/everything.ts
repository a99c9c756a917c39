import { BUTTONS } from '../../bot/actions';
import { SUBCOMMANDS } from '../../bot/commands/credits';
import type { Person } from '../../server/demo/slack';
import type { Agency } from './agency';

/** What a drive went through, so that a test can say that it went through all. */
export interface Driven {
  readonly subcommands: readonly string[];
  readonly actions: readonly string[];
  /** Subcommands that nothing came of, whatever was typed after them. */
  readonly silent: readonly string[];
  /** All that this person came to see, as Slack was sent it: messages, modals and Home tabs. */
  readonly seen: readonly Seen[];
}

export type Seen =
  | { readonly kind: 'message'; readonly text: string; readonly blocks: readonly object[] }
  | { readonly kind: 'modal' | 'home'; readonly view: object };

/**
 * Uses all there is as one person: every subcommand with every argument, every button with every value, the shortcuts and
 * the Home tab. The lists are the bot's own, so that what is added to it is driven by itself.
 */
export async function driveEverything(
  agency: Agency,
  person: Person,
  channel: string,
  { args, values }: { readonly args: readonly string[]; readonly values: readonly string[] },
): Promise<Driven> {
  const { slack } = agency;
  /** Does something, and waits until what came of it is there; a button may have nothing to say. */
  const after = async (act: () => Promise<unknown>) => {
    const before = slack.transcript.length;
    await act();
    let length = -1;
    const isUnderWay = () =>
      seenBy(agency, person, before).length === 0 ||
      length !== slack.transcript.length ||
      JSON.stringify(person.modal?.content ?? '').includes('One moment…');
    for (const end = Date.now() + 2_000; Date.now() < end && isUnderWay(); ) {
      length = slack.transcript.length;
      await new Promise((passed) => setTimeout(passed, 40));
    }
    if (person.modal) await person.close({ all: true });
    return seenBy(agency, person, before).length > 0;
  };
  const from = slack.transcript.length;
  const answered = new Set<string>();
  for (const name of [...SUBCOMMANDS.map((subcommand) => subcommand.name), 'help', ''])
    for (const argument of name === 'help' || name === '' ? [''] : args) {
      if (await after(() => person.command(`/credits ${name} ${argument}`, { channel }))) answered.add(name);
    }
  const actions = BUTTONS.map(({ action }) => action);
  for (const action of actions)
    for (const value of values) {
      const message = await agency.post(channel, action, value);
      await after(() => person.press(message, action));
    }
  await after(() => person.openHome());
  const subcommands = SUBCOMMANDS.map(({ name }) => name);
  const silent = subcommands.filter((name) => !answered.has(name));
  return { subcommands, actions, silent, seen: seenBy(agency, person, from) };
}

/** What the app showed somebody since an entry of the transcript: to them alone, or to all of a channel that they are in. */
export function seenBy({ slack }: Agency, { id }: Person, from = 0): Seen[] {
  return slack.transcript.slice(from).flatMap((entry): Seen[] => {
    if (entry.kind === 'view')
      return entry.userId === id ? [{ kind: entry.view.type === 'home' ? 'home' : 'modal', view: entry.view }] : [];
    if (entry.kind !== 'message' || entry.text === 'An alert') return [];
    if (entry.visibleTo !== null && entry.visibleTo !== id) return [];
    return [{ kind: 'message', text: entry.text, blocks: entry.blocks }];
  });
}

/** What is read of it: the texts, without ids of blocks and of buttons. */
export function wordsOf(seen: Seen): string[] {
  const words: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, each] of Object.entries(value)) {
      if (typeof each !== 'string') walk(each);
      else if (!UNSEEN.has(key)) words.push(each);
    }
  };
  walk(seen);
  return words;
}

const UNSEEN = new Set([
  'type',
  'block_id',
  'action_id',
  'callback_id',
  'style',
  'kind',
  'id',
  'hash',
  'private_metadata',
]);
