import type { Checkboxes, InputBlock, MultiStaticSelect, PlainTextOption, StaticSelect } from '@slack/types';
import { plain } from '../messages/message';
import { inert } from '../messages/text';
import type { CustomerRef } from '../ports';

/** The action id of the picker of customers, which asks the bot for what fits the letters typed. */
export const CUSTOMER_PICKER = 'talktime_customer';
/** The one action id of every other input: its block id says which it is. */
export const VALUE = 'value';

const OPTION_LENGTH = 75;

interface Labelled {
  /** The block id, by which its value is read and an error is shown at it. */
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly optional?: boolean;
}

function input({ id, label, hint, optional }: Labelled, element: InputBlock['element']): InputBlock {
  return {
    type: 'input',
    block_id: id,
    label: plain(label),
    element,
    ...(hint === undefined ? {} : { hint: plain(hint) }),
    ...(optional ? { optional: true } : {}),
  };
}

export interface TextInput extends Labelled {
  readonly value?: string;
  readonly placeholder?: string;
  readonly most?: number;
  readonly multiline?: boolean;
}

export function textInput({ value, placeholder, most = 200, multiline, ...labelled }: TextInput): InputBlock {
  return input(labelled, {
    type: 'plain_text_input',
    action_id: VALUE,
    max_length: most,
    ...(value ? { initial_value: value.slice(0, most) } : {}),
    ...(placeholder === undefined ? {} : { placeholder: plain(placeholder) }),
    ...(multiline ? { multiline: true } : {}),
  });
}

/** An option as inputs and pickers take it. */
type Option = PlainTextOption & { value: string };

export interface Choice {
  readonly value: string;
  readonly text: string;
  readonly description?: string;
}

/** One of some choices, at most 100. */
export function choiceInput({
  choices,
  chosen,
  ...labelled
}: Labelled & { readonly choices: readonly Choice[]; readonly chosen?: string }): InputBlock {
  const initial = choices.find(({ value }) => value === chosen);
  const element: StaticSelect = {
    type: 'static_select',
    action_id: VALUE,
    options: choices.map(option),
    ...(initial ? { initial_option: option(initial) } : {}),
  };
  return input(labelled, element);
}

/** Any number of some choices, at most 100. */
export function choicesInput({
  choices,
  chosen,
  ...labelled
}: Labelled & { readonly choices: readonly Choice[]; readonly chosen: readonly string[] }): InputBlock {
  const initial = choices.filter(({ value }) => chosen.includes(value));
  const element: MultiStaticSelect = {
    type: 'multi_static_select',
    action_id: VALUE,
    options: choices.map(option),
    ...(initial.length > 0 ? { initial_options: initial.map(option) } : {}),
  };
  return input(labelled, element);
}

/** Switches, at most 10: each is on or off. */
export function switchesInput({
  switches,
  on,
  ...labelled
}: Labelled & { readonly switches: readonly Choice[]; readonly on: readonly string[] }): InputBlock {
  const initial = switches.filter(({ value }) => on.includes(value));
  const element: Checkboxes = {
    type: 'checkboxes',
    action_id: VALUE,
    options: switches.map(option),
    ...(initial.length > 0 ? { initial_options: initial.map(option) } : {}),
  };
  return input({ ...labelled, optional: true }, element);
}

/** A customer, found by the letters of its name or id. */
export function customerInput(chosen?: CustomerRef, labelled: Partial<Labelled> = {}): InputBlock {
  return input(
    { id: 'customer', label: 'Customer', ...labelled },
    {
      type: 'external_select',
      action_id: CUSTOMER_PICKER,
      min_query_length: 0,
      placeholder: plain('Type a name or an id'),
      ...(chosen ? { initial_option: customerOption(chosen) } : {}),
    },
  );
}

/** Somebody in the workspace. */
export function userInput(labelled: Labelled): InputBlock {
  return input(labelled, { type: 'users_select', action_id: VALUE, placeholder: plain('Choose somebody') });
}

export function customerOption({ id, name }: CustomerRef): Option {
  return option({ value: id, text: inert(name, OPTION_LENGTH), description: id });
}

/** What an option says is plain text: Slack makes nothing of it. */
function option({ value, text, description }: Choice): Option {
  return {
    value,
    text: plain(shortened(text)),
    ...(description === undefined ? {} : { description: plain(shortened(description)) }),
  };
}

function shortened(text: string): string {
  return text.length <= OPTION_LENGTH ? text : `${text.slice(0, OPTION_LENGTH - 1)}…`;
}
