import { isRecord, type Json } from '../json';
import { ANY_TEXT, type Inspection } from './inspection';

/** Composition objects that elements are made of: options, groups of options, confirmation dialogs. */

interface OptionRules {
  readonly kinds?: readonly string[];
  /** An address is for overflow menus only. */
  readonly url?: boolean;
}

/** docs.slack.dev, "Option object": text 75, value 150, description 75, url 3,000. */
export function checkOption(value: unknown, at: string, inspection: Inspection, rules: OptionRules = {}): void {
  const option = inspection.record(value, at, 'option');
  if (!option) return;
  const kinds = rules.kinds ?? ['plain_text'];
  inspection.keys(option, at, 'option', ['text', 'value', 'description', ...(rules.url ? ['url'] : [])], ['text']);
  inspection.textObject(option.text, `${at}/text`, 'option', 75, kinds);
  if (option.value === undefined && option.url === undefined) inspection.problem(at, 'option: missing value');
  inspection.string(option.value, `${at}/value`, 'value', 150);
  inspection.url(option.url, `${at}/url`, 'url');
  if (option.description !== undefined)
    inspection.textObject(option.description, `${at}/description`, 'description', 75, kinds);
}

export function checkOptions(
  value: unknown,
  at: string,
  inspection: Inspection,
  most: number,
  rules: OptionRules = {},
): void {
  const options = inspection.list(value, at, 'options', 1, most);
  options.forEach((option, index) => checkOption(option, `${at}/${index}`, inspection, rules));
  const values = options.filter(isRecord).map((option) => option.value);
  if (new Set(values).size < values.length) inspection.problem(at, 'options: a value used twice');
}

/** docs.slack.dev, "Option group object": label 75, 100 options each, 100 groups. */
export function checkOptionGroups(value: unknown, at: string, inspection: Inspection): void {
  inspection.list(value, at, 'option_groups', 1, 100).forEach((item, index) => {
    const here = `${at}/${index}`;
    const group = inspection.record(item, here, 'option group');
    if (!group) return;
    inspection.keys(group, here, 'option group', ['label', 'options'], ['label', 'options']);
    inspection.textObject(group.label, `${here}/label`, 'label', 75);
    checkOptions(group.options, `${here}/options`, inspection, 100);
  });
}

/** Whatever is chosen at first has to be one of the options, to the letter. */
export function checkInitial(element: Json, at: string, inspection: Inspection): void {
  const offered = [element, ...(Array.isArray(element.option_groups) ? element.option_groups.filter(isRecord) : [])]
    .flatMap(({ options }): unknown[] => (Array.isArray(options) ? options : []))
    .map((option) => canonical(option));
  const chosen: unknown[] = [
    ...(element.initial_option === undefined ? [] : [element.initial_option]),
    ...(Array.isArray(element.initial_options) ? (element.initial_options as unknown[]) : []),
  ];
  if (element.initial_options !== undefined) {
    if (!Array.isArray(element.initial_options) || chosen.length === 0)
      inspection.problem(at, 'initial_options: not a list with something in it');
  }
  for (const option of chosen) {
    if (!offered.includes(canonical(option))) inspection.problem(at, 'initial option: none of the options');
  }
}

/** What two options must share to be the same; `emoji` is filled in by Slack. */
function canonical(option: unknown): string {
  if (!isRecord(option) || !isRecord(option.text)) return JSON.stringify(option);
  const description = isRecord(option.description) ? option.description.text : undefined;
  return JSON.stringify([option.text.type, option.text.text, option.value, description]);
}

/** docs.slack.dev, "Confirmation dialog object": title 100, text 300, confirm and deny 30, all of them required. */
export function checkConfirm(value: unknown, at: string, inspection: Inspection): void {
  if (value === undefined) return;
  const confirm = inspection.record(value, at, 'confirm');
  if (!confirm) return;
  const parts = ['title', 'text', 'confirm', 'deny'];
  inspection.keys(confirm, at, 'confirm', [...parts, 'style'], parts);
  if (confirm.title !== undefined) inspection.textObject(confirm.title, `${at}/title`, 'title', 100);
  if (confirm.text !== undefined) inspection.textObject(confirm.text, `${at}/text`, 'text', 300, ANY_TEXT);
  if (confirm.confirm !== undefined) inspection.textObject(confirm.confirm, `${at}/confirm`, 'confirm', 30);
  if (confirm.deny !== undefined) inspection.textObject(confirm.deny, `${at}/deny`, 'deny', 30);
  inspection.oneOf(confirm.style, `${at}/style`, 'style', ['primary', 'danger']);
}
