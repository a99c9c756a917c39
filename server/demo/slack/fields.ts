import { isRecord, records, text, textOf, type Json } from './json';

/** What stands in an element, as interactions carry it (docs.slack.dev, "view.state.values"). */
export type StateValue = { readonly type: string } & Json;
/** By block_id and action_id. */
export type StateValues = Record<string, Record<string, StateValue>>;

/** How a kind of element holds its value, and what it starts with. */
interface Holding {
  readonly key: string;
  readonly initial: (element: Json) => unknown;
}

const one = (key: string, initial: string): Holding => ({ key, initial: (element) => element[initial] ?? null });
const many = (key: string, initial: string): Holding => ({ key, initial: (element) => element[initial] ?? [] });

const HOLDINGS: Readonly<Record<string, Holding>> = {
  plain_text_input: one('value', 'initial_value'),
  number_input: one('value', 'initial_value'),
  email_text_input: one('value', 'initial_value'),
  url_text_input: one('value', 'initial_value'),
  rich_text_input: one('rich_text_value', 'initial_value'),
  static_select: one('selected_option', 'initial_option'),
  external_select: one('selected_option', 'initial_option'),
  radio_buttons: one('selected_option', 'initial_option'),
  multi_static_select: many('selected_options', 'initial_options'),
  multi_external_select: many('selected_options', 'initial_options'),
  checkboxes: many('selected_options', 'initial_options'),
  users_select: one('selected_user', 'initial_user'),
  multi_users_select: many('selected_users', 'initial_users'),
  conversations_select: one('selected_conversation', 'initial_conversation'),
  multi_conversations_select: many('selected_conversations', 'initial_conversations'),
  channels_select: one('selected_channel', 'initial_channel'),
  multi_channels_select: many('selected_channels', 'initial_channels'),
  datepicker: one('selected_date', 'initial_date'),
  timepicker: one('selected_time', 'initial_time'),
  datetimepicker: one('selected_date_time', 'initial_date_time'),
};

/** An interactive element with the block it stands in. */
export interface Field {
  readonly block: Json;
  readonly blockId: string;
  readonly element: Json;
  readonly type: string;
  readonly actionId: string;
  /** What a person calls it. */
  readonly label: string;
  /** Whether it waits for the modal to be submitted; otherwise the app hears of it at once. */
  readonly isInput: boolean;
}

export function fieldsOf(blocks: readonly Json[]): Field[] {
  return blocks.flatMap((block) => {
    const isInput = block.type === 'input';
    const elements = isInput
      ? [block.element]
      : block.type === 'actions'
        ? records(block.elements)
        : block.type === 'section'
          ? [block.accessory]
          : [];
    return elements
      .filter(isRecord)
      .filter(({ type }) => type !== 'image')
      .map((element) => ({
        block,
        blockId: text(block.block_id),
        element,
        type: text(element.type),
        actionId: text(element.action_id),
        label: isInput ? textOf(block.label) : textOf(element.text) || textOf(element.placeholder),
        isInput,
      }));
  });
}

/** What a view's or a message's elements hold before anybody has touched them. */
export function initialValues(blocks: readonly Json[], conversation: string | null = null): StateValues {
  const values: StateValues = {};
  for (const { blockId, actionId, element, type } of fieldsOf(blocks)) {
    const holding = HOLDINGS[type];
    if (!holding) continue;
    const isHere = element.default_to_current_conversation === true && type === 'conversations_select';
    const initial = holding.initial(element) ?? (isHere ? conversation : null);
    values[blockId] = { ...values[blockId], [actionId]: { type, [holding.key]: initial } };
  }
  return values;
}

export function valueOf(field: Field, held: unknown): StateValue {
  const holding = HOLDINGS[field.type];
  if (!holding) throw new Error(`A ${field.type} holds nothing`);
  return { type: field.type, [holding.key]: held };
}

/** null: nothing was chosen or typed. */
export function heldIn(value: StateValue | undefined): unknown {
  const holding = value && HOLDINGS[value.type];
  if (!holding) return null;
  const held = value[holding.key];
  return held === '' || (Array.isArray(held) && held.length === 0) ? null : (held ?? null);
}

/** The options that a menu, a group of checkboxes or of radio buttons offers by itself. */
export function offered(element: Json): Json[] {
  return [...records(element.options), ...records(element.option_groups).flatMap(({ options }) => records(options))];
}

/** What Slack's client says beneath an input instead of submitting it; null: it may be submitted. */
export function complaint({ block, element, type }: Field, value: StateValue | undefined): string | null {
  const held = heldIn(value);
  if (held === null) return block.optional === true ? null : 'Please complete this required field.';
  const most = Number(element.max_selected_items ?? Infinity);
  if (Array.isArray(held) && held.length > most) return `Please select at most ${most} items.`;
  if (typeof held !== 'string') return null;
  if (type === 'plain_text_input') {
    if (held.length < Number(element.min_length ?? 0))
      return `Must be at least ${Number(element.min_length)} characters.`;
    if (held.length > Number(element.max_length ?? 3_000))
      return `Must be at most ${Number(element.max_length ?? 3_000)} characters.`;
  }
  if (type === 'number_input') {
    if (!/^-?\d+(\.\d+)?$/.test(held)) return 'Please enter a valid number.';
    if (element.is_decimal_allowed === false && held.includes('.')) return 'Please enter a whole number.';
    if (element.min_value !== undefined && Number(held) < Number(element.min_value))
      return `Must be ${text(element.min_value)} or more.`;
    if (element.max_value !== undefined && Number(held) > Number(element.max_value))
      return `Must be ${text(element.max_value)} or less.`;
  }
  if (type === 'email_text_input' && !/^\S+@\S+\.\S+$/.test(held)) return 'Please enter a valid email address.';
  if (type === 'url_text_input' && !URL.canParse(held)) return 'Please enter a valid URL.';
  return null;
}
