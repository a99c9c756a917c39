import { offered, valueOf, type Field, type StateValue } from './fields';
import { records, text, textOf, type Json } from './json';
import type { SlackState, StoredMessage, User } from './state';
import type { StoredView } from './views';

/** How a person finds an element and chooses something in it. */

/** What stands before a person: a message, a modal or their Home tab. */
export type Place = StoredMessage | StoredView;

export function heldBy(place: Place): Json[] {
  return 'id' in place ? records(place.content.blocks) : place.blocks;
}

/** The one element that a name fits: its action_id, block_id, value or label, or else a part of its label. */
export function find(fields: readonly Field[], named: string, what: string): Field {
  const exact = fields.filter(
    (field) => [field.actionId, field.blockId, field.label].includes(named) || field.element.value === named,
  );
  const part = fields.filter(({ label }) => label.toLowerCase().includes(named.toLowerCase()));
  const found = exact.length > 0 ? exact : part;
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  const there = fields.map(({ label, actionId }) => `"${label}" (${actionId})`).join(', ') || 'none';
  throw new Error(`${only ? 'More than one' : 'No'} ${what} is called "${named}". There: ${there}`);
}

export interface Chooser {
  readonly state: SlackState;
  readonly user: User;
  /** What the app offers for what was typed. */
  suggest(field: Field, typed: string): Promise<Json[]>;
}

/** What an element holds once somebody has typed or chosen. null empties it. */
export async function chooseIn(
  field: Field,
  typed: unknown,
  chooser: Chooser,
): Promise<{ value: StateValue | null; option: Json | null }> {
  const { type } = field;
  if (type === 'overflow') return { value: null, option: option(offered(field.element), typed, field) };
  if (typed === null) return { value: valueOf(field, HOLDS_MANY.test(type) ? [] : null), option: null };
  return { value: valueOf(field, await held(field, typed, chooser)), option: null };
}

const HOLDS_MANY = /^(multi_.*|checkboxes)$/;

async function held(field: Field, typed: unknown, chooser: Chooser): Promise<unknown> {
  const { type, element } = field;
  const list = Array.isArray(typed) ? (typed as unknown[]) : [typed];
  switch (type) {
    case 'static_select':
    case 'radio_buttons':
      return option(offered(element), typed, field);
    case 'multi_static_select':
    case 'checkboxes':
      return list.map((one) => option(offered(element), one, field));
    case 'external_select':
      return option(await suggested(field, typed, chooser), typed, field);
    case 'multi_external_select':
      return Promise.all(list.map(async (one) => option(await suggested(field, one, chooser), one, field)));
    case 'users_select':
      return userId(typed, chooser);
    case 'multi_users_select':
      return list.map((one) => userId(one, chooser));
    case 'conversations_select':
    case 'channels_select':
      return channelId(typed, chooser);
    case 'multi_conversations_select':
    case 'multi_channels_select':
      return list.map((one) => channelId(one, chooser));
    case 'datetimepicker':
      return typed instanceof Date ? Math.floor(typed.getTime() / 1_000) : Number(typed);
    case 'rich_text_input':
      return richText(String(typed));
    default:
      return String(typed);
  }
}

/** Slack asks for options only once enough has been typed: 3 characters, unless the menu says otherwise. */
async function suggested(field: Field, typed: unknown, chooser: Chooser): Promise<Json[]> {
  const least = Number(field.element.min_query_length ?? 3);
  const words = String(typed);
  if (words.length < least)
    throw new Error(`Slack asks for options from ${least} characters on; "${words}" is shorter`);
  return chooser.suggest(field, words);
}

function option(options: readonly Json[], typed: unknown, field: Field): Json {
  const words = String(typed);
  const exact = options.filter((one) => textOf(one.text) === words || one.value === words);
  const part = options.filter((one) => textOf(one.text).toLowerCase().includes(words.toLowerCase()));
  const [only, ...others] = exact.length > 0 ? exact : part;
  if (only && others.length === 0) return only;
  const there = options.map((one) => `"${textOf(one.text)}" (${text(one.value)})`).join(', ') || 'none';
  throw new Error(`${only ? 'More than one' : 'No'} option of "${field.label}" is "${words}". There: ${there}`);
}

function userId(typed: unknown, { state, user }: Chooser): string {
  const people = [...state.workspace(user.teamId).users.values()];
  const found = people.find(({ id, name, realName }) => [id, name, realName].includes(String(typed)));
  if (!found) throw new Error(`There is nobody called ${String(typed)}`);
  return found.id;
}

function channelId(typed: unknown, { state, user }: Chooser): string {
  const channel = [...state.channels.values()].find(
    ({ id, name, members, private: isPrivate, teamId }) =>
      [id, name, `#${name}`].includes(String(typed).toString()) &&
      (members.has(user.id) || (!isPrivate && teamId === user.teamId)),
  );
  if (!channel) throw new Error(`${user.id} sees no channel called ${String(typed)}`);
  return channel.id;
}

function richText(words: string): Json {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: words }] }] };
}
