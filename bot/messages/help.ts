import { section, context, type Message } from './message';
import { nearest } from './nearest';
import { code, inert } from './text';

/** A word after the command: what to type, and what it does. */
export interface Subcommand {
  readonly name: string;
  readonly usage: string;
  readonly does: string;
}

/** What belongs together in the list, in this order; what is in none of them comes last. */
const GROUPS: readonly { readonly title: string; readonly names: readonly string[] }[] = [
  { title: 'Look', names: ['balance', 'customers', 'usage', 'history', 'plans', 'report'] },
  { title: 'Move credits', names: ['topup', 'apply', 'adjust', 'reverse'] },
  { title: 'Run', names: ['alerts', 'settings', 'suspense', 'doctor'] },
];

/** The subcommands that somebody may use. */
export function helpMessage(subcommands: readonly Subcommand[], command: string): Message {
  return {
    text: `What ${inert(command)} can do: ${subcommands.map(({ name }) => name).join(', ')}`,
    blocks: [
      section('*Talktime* keeps call credits.'),
      ...grouped(subcommands, command).map(section),
      context('What is in [brackets] may be left out · only you can see this'),
    ],
  };
}

/** A word that is none of ours: the nearest that is, and all of them. */
export function unknownSubcommandMessage(typed: string, subcommands: readonly Subcommand[], command: string): Message {
  const [near] = nearest(typed, subcommands, ({ name }) => [name], 1);
  const guess = near ? ` Did you mean ${code(`${command} ${near.name}`)}?` : '';
  return {
    text: `I don't know ${inert(typed)}.${near ? ` Did you mean ${near.name}?` : ''}`,
    blocks: [
      section(`I don't know ${code(typed)}.${guess}`),
      ...grouped(subcommands, command).map(section),
      context('Only you can see this'),
    ],
  };
}

/** A text for each group that somebody has anything of. */
function grouped(subcommands: readonly Subcommand[], command: string): string[] {
  const known = new Set(GROUPS.flatMap(({ names }) => names));
  const rest = subcommands.filter(({ name }) => !known.has(name));
  return [
    ...GROUPS.map(({ title, names }) => ({ title, of: subcommands.filter(({ name }) => names.includes(name)) })),
    { title: 'More', of: rest },
  ].flatMap(({ title, of }) =>
    of.length === 0
      ? []
      : [[`*${title}*`, ...of.map(({ usage, does }) => `${code(`${command} ${usage}`)} ${does}`)].join('\n')],
  );
}
