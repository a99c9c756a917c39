import { initialValues } from '../fields';
import { isRecord, records, textOf, type Json } from '../json';
import { withBlockIds } from '../names';
import type { StoredView } from '../views';
import { drawBlocks, type Filled } from './blocks';
import { plain } from './mrkdwn';
import { NOBODY, type Names } from './names';
import { escapeHtml, page } from './page';

/** A modal, as it stands before somebody or as a builder has just made it, as a page of its own. */
export function drawView(view: StoredView | object, names: Names = NOBODY): string {
  const { content } = standing(view);
  return page(textOf(content.title) || 'Modal', `<div class="veil">${modalHtml(view, names)}</div>`);
}

/** A Home tab as a page of its own. */
export function drawHome(view: StoredView | object, names: Names = NOBODY): string {
  return page(`${names.app}: Home`, `<div class="main">${homeHtml(view, names)}</div>`);
}

export function modalHtml(view: StoredView | object, names: Names, beneath = 0): string {
  const { content, filled } = standing(view);
  const submit = isRecord(content.submit) ? `<span class="button primary">${plain(textOf(content.submit))}</span>` : '';
  const close = `<span class="button">${isRecord(content.close) ? plain(textOf(content.close)) : submit ? 'Cancel' : 'Close'}</span>`;
  const stack = beneath > 0 ? `<div class="beneath">on top of ${beneath} more</div>` : '';
  return `<section class="modal" role="dialog">${stack}
<header><div class="avatar app">${escapeHtml(names.app.slice(0, 1))}</div>${plain(textOf(content.title))}<span class="cross">✕</span></header>
<div class="body">${drawBlocks(records(content.blocks), names, filled)}</div>
<footer>${close}${submit}</footer></section>`;
}

export function homeHtml(view: StoredView | object, names: Names): string {
  const { content, filled } = standing(view);
  return `<div class="bar">${escapeHtml(names.app)}<span class="badge">APP</span></div>
<div class="tabs"><b>Home</b><span>Messages</span><span>About</span></div>
<div class="home">${drawBlocks(records(content.blocks), names, filled)}</div>`;
}

function standing(view: StoredView | object): { readonly content: Json; readonly filled: Filled } {
  if ('content' in view && 'values' in view) return { content: view.content, filled: view };
  const content = { ...(view as Json) };
  const blocks = withBlockIds(records(content.blocks));
  return { content: { ...content, blocks }, filled: { values: initialValues(blocks), errors: {} } };
}
