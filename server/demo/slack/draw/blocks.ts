import { initialValues, type StateValue, type StateValues } from '../fields';
import { isRecord, records, text, textOf, type Json } from '../json';
import { withBlockIds } from '../names';
import { drawChart } from './charts';
import { drawElement, drawText } from './elements';
import { drawMarkdown } from './markdown';
import { plain } from './mrkdwn';
import type { Names } from './names';
import { escapeHtml } from './page';
import { drawRichText } from './rich-text';

/** What stands in a view's inputs, and beneath them. */
export interface Filled {
  readonly values: StateValues;
  readonly errors: Readonly<Record<string, string>>;
}

export function drawBlocks(blocks: readonly Json[], names: Names, filled?: Filled): string {
  // A message that nobody has posted yet has blocks without names.
  const named = filled ? blocks : withBlockIds(blocks);
  const standing = filled ?? { values: initialValues(named), errors: {} };
  return `<div class="blocks">${named.map((block) => drawBlock(block, names, standing)).join('\n')}</div>`;
}

function drawBlock(block: Json, names: Names, { values, errors }: Filled): string {
  const held = (element: Json): StateValue | undefined => values[text(block.block_id)]?.[text(element.action_id)];
  switch (block.type) {
    case 'header':
      return `<div class="header">${drawText(block.text, names)}</div>`;
    case 'divider':
      return '<div class="divider"></div>';
    case 'section': {
      const words = isRecord(block.text) ? `<div>${drawText(block.text, names)}</div>` : '';
      const accessory = isRecord(block.accessory)
        ? block.accessory.type === 'image'
          ? picture(block.accessory, names, ' side')
          : `<div>${drawElement(block.accessory, held(block.accessory), names)}</div>`
        : '';
      return `<div class="section"><div class="text">${words}${fields(block, names)}</div>${accessory}</div>`;
    }
    case 'context': {
      const parts = records(block.elements).map((element) =>
        element.type === 'image'
          ? `<span>[${escapeHtml(text(element.alt_text))}]</span>`
          : `<span>${drawText(element, names)}</span>`,
      );
      return `<div class="context">${parts.join('')}</div>`;
    }
    case 'actions': {
      const elements = records(block.elements).map((element) => drawElement(element, held(element), names));
      return `<div class="actions">${elements.join('')}</div>`;
    }
    case 'input':
      return input(block, held(isRecord(block.element) ? block.element : {}), errors[text(block.block_id)], names);
    case 'image': {
      const title = isRecord(block.title) ? `<div class="title">${drawText(block.title, names)}</div>` : '';
      return `<div>${title}${picture(block, names, '')}</div>`;
    }
    case 'rich_text':
      return `<div>${drawRichText(block, names)}</div>`;
    case 'markdown':
      return `<div>${drawMarkdown(text(block.text))}</div>`;
    case 'table':
      return table(block, names);
    case 'data_visualization':
      return drawChart(block);
    case 'alert':
      return `<div class="alert ${escapeHtml(text(block.level))}">${drawText(block.text, names)}</div>`;
    default:
      return `<div class="wrong">a block that is not drawn: ${escapeHtml(text(block.type))}</div>`;
  }
}

function fields(block: Json, names: Names): string {
  const parts = records(block.fields).map((field) => `<div>${drawText(field, names)}</div>`);
  return parts.length > 0 ? `<div class="fields">${parts.join('')}</div>` : '';
}

function input(block: Json, value: StateValue | undefined, error: string | undefined, names: Names): string {
  const optional = block.optional === true ? ' <small>(optional)</small>' : '';
  const hint = isRecord(block.hint) ? `<div class="hint">${plain(textOf(block.hint))}</div>` : '';
  const wrong = error === undefined ? '' : `<div class="wrong">${escapeHtml(error)}</div>`;
  const element = isRecord(block.element) ? drawElement(block.element, value, names) : '';
  const label = `<label>${plain(textOf(block.label))}${optional}</label>`;
  return `<div class="input${error === undefined ? '' : ' bad'}">${label}${element}${wrong}${hint}</div>`;
}

/** A picture that was uploaded is shown; one at an address is not fetched, so its text stands for it. */
export function picture(image: Json, names: Names, kind: string): string {
  const file = isRecord(image.slack_file) ? names.file(text(image.slack_file.id)) : null;
  const alt = escapeHtml(text(image.alt_text));
  const shown = file?.bytes
    ? `<img alt="${alt}" src="data:image/png;base64,${file.bytes.toString('base64')}">`
    : `<span>🖼 ${alt}</span>`;
  return `<div class="picture${kind}">${shown}</div>`;
}

function table(block: Json, names: Names): string {
  const settings = Array.isArray(block.column_settings) ? (block.column_settings as unknown[]) : [];
  const cell = (value: Json, column: number) => {
    const of = settings[column];
    const align = isRecord(of) && typeof of.align === 'string' ? ` style="text-align:${escapeHtml(of.align)}"` : '';
    const wrapped = isRecord(of) && of.is_wrapped === true ? ' class="wrapped"' : '';
    const inside = value.type === 'rich_text' ? drawRichText(value, names) : plain(text(value.text));
    return `<td${wrapped}${align}>${inside}</td>`;
  };
  const rows = (Array.isArray(block.rows) ? block.rows : []).map(
    (row) => `<tr>${records(row).map(cell).join('')}</tr>`,
  );
  return `<div class="scroll"><table class="grid">${rows.join('')}</table></div>`;
}
