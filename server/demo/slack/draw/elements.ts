import { heldIn, offered, type StateValue } from '../fields';
import { isRecord, records, text, textOf, type Json } from '../json';
import { mrkdwn, plain } from './mrkdwn';
import type { Names } from './names';
import { escapeHtml } from './page';

/** A text object, by its kind. */
export function drawText(value: unknown, names: Names): string {
  if (!isRecord(value)) return '';
  return value.type === 'mrkdwn'
    ? mrkdwn(text(value.text), names, { verbatim: value.verbatim === true })
    : plain(text(value.text));
}

/** An interactive element with what it holds. */
export function drawElement(element: Json, value: StateValue | undefined, names: Names): string {
  const type = text(element.type);
  const held = heldIn(value);
  switch (type) {
    case 'button': {
      const style = element.style === 'primary' || element.style === 'danger' ? ` ${element.style}` : '';
      const asks = isRecord(element.confirm) ? confirmation(element.confirm, names) : '';
      return `<span><span class="button${style}">${drawText(element.text, names)}</span>${asks}</span>`;
    }
    case 'overflow': {
      const entries = offered(element).map((option) => drawText(option.text, names));
      return `<span><span class="overflow">⋯</span> <span class="offered">${entries.join(' · ')}</span></span>`;
    }
    case 'checkboxes':
    case 'radio_buttons':
      return choices(element, held, names);
    case 'plain_text_input':
    case 'number_input':
    case 'email_text_input':
    case 'url_text_input':
    case 'rich_text_input': {
      const words = typeof held === 'string' ? escapeHtml(held) : placeholder(element, '');
      const isTall = element.multiline === true || type === 'rich_text_input';
      return `<div class="box${isTall ? ' tall' : ''}">${words || '&nbsp;'}</div>`;
    }
    case 'datepicker':
      return menu(held === null ? placeholder(element, 'Select a date') : escapeHtml(text(held)), 'date');
    case 'timepicker':
      return menu(held === null ? placeholder(element, 'Select a time') : escapeHtml(text(held)), 'time');
    case 'datetimepicker':
      return menu(typeof held === 'number' ? minute(held) : placeholder(element, 'Select a date and time'), 'date');
    default:
      return type.endsWith('_select') ? menu(chosen(held, element, names), '') : `<i>${escapeHtml(type)}</i>`;
  }
}

function minute(seconds: number): string {
  return `${new Date(seconds * 1_000).toISOString().slice(0, 16).replace('T', ', ')} UTC`;
}

function menu(html: string, kind: string): string {
  return `<span class="menu ${kind}"><span>${html}</span></span>`;
}

function placeholder(element: Json, otherwise: string): string {
  return `<span class="placeholder">${escapeHtml(textOf(element.placeholder) || otherwise)}</span>`;
}

/** What is chosen in a menu: options, people or channels, one or several. */
function chosen(held: unknown, element: Json, names: Names): string {
  if (held === null) return placeholder(element, 'Select an option');
  const one = (value: unknown) => {
    if (isRecord(value)) return drawText(value.text, names);
    const id = text(value);
    return escapeHtml(/^[CGD]/.test(id) ? `#${names.channel(id)}` : names.user(id));
  };
  return Array.isArray(held) ? held.map((value) => `<span class="chip">${one(value)}</span>`).join('') : one(held);
}

function choices(element: Json, held: unknown, names: Names): string {
  const values = records(Array.isArray(held) ? held : [held]).map(({ value }) => value);
  const kind = element.type === 'radio_buttons' ? ' radio' : '';
  const rows = offered(element).map((option) => {
    const on = values.includes(option.value) ? ' on' : '';
    const description = option.description ? `<small>${drawText(option.description, names)}</small>` : '';
    return `<div class="choice${kind}${on}"><i></i><span>${drawText(option.text, names)}${description}</span></div>`;
  });
  return `<div class="choices">${rows.join('')}</div>`;
}

function confirmation(confirm: Json, names: Names): string {
  const [title, words, yes] = [confirm.title, confirm.text, confirm.confirm].map((part) => drawText(part, names));
  return `<span class="confirm">asks: <b>${title}</b> ${words} [${yes}]</span>`;
}
