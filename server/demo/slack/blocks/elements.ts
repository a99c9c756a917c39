import { isRecord, text, type Json } from '../json';
import type { Inspection } from './inspection';
import { checkImage } from './images';
import { ANY_TEXT } from './inspection';
import { checkConfirm, checkInitial, checkOption, checkOptionGroups, checkOptions } from './options';

export type Place = 'section' | 'actions' | 'input' | 'context';

interface ElementKind {
  readonly places: readonly Place[];
  /** Besides `type` and `action_id`. */
  readonly keys: readonly string[];
  readonly required?: readonly string[];
  check?(element: Json, at: string, inspection: Inspection): void;
}

const SHOWN: readonly Place[] = ['section', 'actions'];
const EVERYWHERE: readonly Place[] = ['section', 'actions', 'input'];
const MENU = ['placeholder', 'confirm', 'focus_on_load'];
const TYPED = ['placeholder', 'focus_on_load', 'dispatch_action_config', 'initial_value'];
const FILTER_KINDS = ['im', 'mpim', 'private', 'public'];

/** docs.slack.dev, "Block elements". Each element where it may stand, and what it may carry. */
export const ELEMENTS: Readonly<Record<string, ElementKind>> = {
  button: {
    places: SHOWN,
    keys: ['text', 'url', 'value', 'style', 'confirm', 'accessibility_label'],
    required: ['text'],
    check(element, at, inspection) {
      inspection.textObject(element.text, `${at}/text`, 'button', 75);
      inspection.string(element.value, `${at}/value`, 'value', 2_000);
      inspection.url(element.url, `${at}/url`, 'url');
      inspection.oneOf(element.style, `${at}/style`, 'style', ['primary', 'danger']);
      inspection.string(element.accessibility_label, `${at}/accessibility_label`, 'accessibility_label', 75);
    },
  },
  image: { places: ['section', 'context'], keys: ['image_url', 'slack_file', 'alt_text'], check: checkImage },
  overflow: {
    places: SHOWN,
    keys: ['options', 'confirm'],
    check: (element, at, inspection) => checkOptions(element.options, `${at}/options`, inspection, 5, { url: true }),
  },
  checkboxes: {
    places: EVERYWHERE,
    keys: ['options', 'initial_options', 'confirm', 'focus_on_load'],
    check: checkChoices,
  },
  radio_buttons: {
    places: EVERYWHERE,
    keys: ['options', 'initial_option', 'confirm', 'focus_on_load'],
    check: checkChoices,
  },
  datepicker: {
    places: EVERYWHERE,
    keys: ['initial_date', ...MENU],
    check: ({ initial_date }, at, inspection) => {
      if (initial_date !== undefined && !isDate(initial_date)) inspection.problem(at, 'initial_date: not YYYY-MM-DD');
    },
  },
  timepicker: {
    places: EVERYWHERE,
    keys: ['initial_time', 'timezone', ...MENU],
    check: ({ initial_time }, at, inspection) => {
      if (initial_time !== undefined && !/^([01]\d|2[0-3]):[0-5]\d$/.test(text(initial_time)))
        inspection.problem(at, 'initial_time: not HH:mm');
    },
  },
  datetimepicker: {
    places: ['actions', 'input'],
    keys: ['initial_date_time', 'confirm', 'focus_on_load'],
    check: ({ initial_date_time }, at, inspection) =>
      inspection.integer(initial_date_time, at, 'initial_date_time', 1_000_000_000, 9_999_999_999),
  },
  plain_text_input: {
    places: ['input'],
    keys: [...TYPED, 'multiline', 'min_length', 'max_length'],
    check(element, at, inspection) {
      inspection.boolean(element.multiline, at, 'multiline');
      inspection.integer(element.min_length, at, 'min_length', 0, 3_000);
      inspection.integer(element.max_length, at, 'max_length', 1, 3_000);
      if (Number(element.min_length ?? 0) > Number(element.max_length ?? 3_000))
        inspection.problem(at, 'min_length: above max_length');
      inspection.string(element.initial_value, at, 'initial_value', Number(element.max_length ?? 3_000), 0);
    },
  },
  email_text_input: { places: ['input'], keys: TYPED },
  url_text_input: { places: ['input'], keys: TYPED },
  number_input: {
    places: ['input'],
    keys: [...TYPED, 'is_decimal_allowed', 'min_value', 'max_value'],
    required: ['is_decimal_allowed'],
    check: checkNumber,
  },
  rich_text_input: { places: ['input'], keys: TYPED },
  static_select: menu([], { options: true }),
  multi_static_select: menu(['max_selected_items'], { options: true, multi: true }),
  external_select: menu(['initial_option', 'min_query_length']),
  multi_external_select: menu(['initial_options', 'min_query_length', 'max_selected_items'], { multi: true }),
  users_select: menu(['initial_user']),
  multi_users_select: menu(['initial_users', 'max_selected_items'], { multi: true }),
  conversations_select: menu([
    'initial_conversation',
    'default_to_current_conversation',
    'response_url_enabled',
    'filter',
  ]),
  multi_conversations_select: menu(
    ['initial_conversations', 'default_to_current_conversation', 'filter', 'max_selected_items'],
    { multi: true },
  ),
  channels_select: menu(['initial_channel', 'response_url_enabled']),
  multi_channels_select: menu(['initial_channels', 'max_selected_items'], { multi: true }),
};

/** Checks an element in its place, and that its action_id is its own within the block. */
export function checkElement(
  value: unknown,
  at: string,
  inspection: Inspection,
  place: Place,
  actionIds: Set<string>,
): void {
  const element = inspection.record(value, at, 'element');
  if (!element) return;
  const type = String(element.type);
  const kind = Object.hasOwn(ELEMENTS, type) ? ELEMENTS[type] : undefined;
  if (!kind?.places.includes(place)) return inspection.problem(at, `unsupported element in ${place}: ${type}`);
  const isPicture = type === 'image';
  inspection.keys(element, at, type, [...(isPicture ? [] : ['action_id']), ...kind.keys], kind.required);
  inspection.string(element.action_id, `${at}/action_id`, 'action_id', 255);
  if (typeof element.action_id === 'string') {
    if (actionIds.has(element.action_id)) inspection.problem(at, 'action_id used twice');
    actionIds.add(element.action_id);
  }
  if (element.placeholder !== undefined)
    inspection.textObject(element.placeholder, `${at}/placeholder`, 'placeholder', 150);
  checkConfirm(element.confirm, `${at}/confirm`, inspection);
  inspection.boolean(element.focus_on_load, at, 'focus_on_load');
  if (element.focus_on_load === true && (inspection.focused += 1) > 1)
    inspection.problem(at, 'focus_on_load: on more than one element');
  checkDispatch(element.dispatch_action_config, `${at}/dispatch_action_config`, inspection);
  kind.check?.(element, at, inspection);
}

function menu(keys: readonly string[], rules: { options?: boolean; multi?: boolean } = {}): ElementKind {
  const offered = rules.options ? ['options', 'option_groups', rules.multi ? 'initial_options' : 'initial_option'] : [];
  return {
    places: rules.multi ? ['section', 'input', 'actions'] : EVERYWHERE,
    keys: [...MENU, ...offered, ...keys],
    check(element, at, inspection) {
      if (rules.options) {
        if ((element.options === undefined) === (element.option_groups === undefined))
          inspection.problem(at, 'menu: needs options or option_groups, and not both');
        if (element.options !== undefined) checkOptions(element.options, `${at}/options`, inspection, 100);
        if (element.option_groups !== undefined)
          checkOptionGroups(element.option_groups, `${at}/option_groups`, inspection);
        checkInitial(element, at, inspection);
      } else if (element.initial_option !== undefined) {
        checkOption(element.initial_option, `${at}/initial_option`, inspection);
      }
      inspection.integer(element.min_query_length, at, 'min_query_length', 0, 100);
      inspection.integer(element.max_selected_items, at, 'max_selected_items', 1, 1_000);
      checkFilter(element.filter, `${at}/filter`, inspection);
    },
  };
}

/** docs.slack.dev, "Checkboxes" and "Radio buttons": at most 10 options, which may be mrkdwn. */
function checkChoices(element: Json, at: string, inspection: Inspection): void {
  checkOptions(element.options, `${at}/options`, inspection, 10, { kinds: ANY_TEXT });
  checkInitial(element, at, inspection);
}

function checkNumber(element: Json, at: string, inspection: Inspection): void {
  inspection.boolean(element.is_decimal_allowed, at, 'is_decimal_allowed');
  const numbers = ['initial_value', 'min_value', 'max_value'].map((name) => {
    const value = element[name];
    if (value === undefined) return null;
    // They are strings, since a JSON number would not keep its decimals.
    if (typeof value !== 'string' || !/^-?\d+(\.\d+)?$/.test(value)) {
      inspection.problem(at, `${name}: not a number in a string`);
      return null;
    }
    if (element.is_decimal_allowed === false && value.includes('.')) inspection.problem(at, `${name}: has decimals`);
    return Number(value);
  });
  const [initial, least, most] = numbers;
  if (least != null && most != null && least > most) inspection.problem(at, 'min_value: above max_value');
  if (initial != null && ((least != null && initial < least) || (most != null && initial > most)))
    inspection.problem(at, 'initial_value: outside min_value and max_value');
}

function checkDispatch(value: unknown, at: string, inspection: Inspection): void {
  if (value === undefined) return;
  const config = inspection.record(value, at, 'dispatch_action_config');
  if (!config) return;
  inspection.keys(config, at, 'dispatch_action_config', ['trigger_actions_on']);
  for (const trigger of inspection.list(config.trigger_actions_on, at, 'trigger_actions_on', 1, 2))
    inspection.oneOf(trigger, at, 'trigger_actions_on', ['on_enter_pressed', 'on_character_entered']);
}

function checkFilter(value: unknown, at: string, inspection: Inspection): void {
  if (value === undefined) return;
  if (!isRecord(value) || Object.keys(value).length === 0) return inspection.problem(at, 'filter: empty');
  inspection.keys(value, at, 'filter', ['include', 'exclude_external_shared_channels', 'exclude_bot_users']);
  if (value.include === undefined) return;
  for (const kind of inspection.list(value.include, `${at}/include`, 'include', 1, 4))
    inspection.oneOf(kind, `${at}/include`, 'include', FILTER_KINDS);
}

function isDate(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value));
}
