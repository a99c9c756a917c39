import { isRecord, type Json } from '../json';
import type { Inspection } from './inspection';
import { checkRichText } from './rich-text';

/** docs.slack.dev, "Table block": 100 rows of at most 20 cells, 20 column settings, one table a message. */
export function checkTable(block: Json, at: string, inspection: Inspection): void {
  if ((inspection.tables += 1) > 1) inspection.problem(at, 'only_one_table_allowed');
  inspection.list(block.rows, `${at}/rows`, 'rows', 1, 100).forEach((row, index) => {
    inspection
      .list(row, `${at}/rows/${index}`, 'cells', 1, 20)
      .forEach((cell, column) => checkCell(cell, `${at}/rows/${index}/${column}`, inspection));
  });
  if (block.column_settings === undefined) return;
  inspection
    .list(block.column_settings, `${at}/column_settings`, 'column_settings', 1, 20)
    .forEach((settings, column) => {
      if (settings === null) return; // skips a column
      const here = `${at}/column_settings/${column}`;
      if (!isRecord(settings)) return inspection.problem(here, 'column settings: not an object');
      inspection.keys(settings, here, 'column settings', ['align', 'is_wrapped']);
      inspection.oneOf(settings.align, here, 'align', ['left', 'center', 'right']);
      inspection.boolean(settings.is_wrapped, here, 'is_wrapped');
    });
}

function checkCell(value: unknown, at: string, inspection: Inspection): void {
  const cell = inspection.record(value, at, 'cell');
  if (!cell) return;
  if (cell.type === 'rich_text') {
    inspection.keys(cell, at, 'rich_text', ['elements', 'block_id'], ['elements']);
    return checkRichText(cell, at, inspection);
  }
  inspection.oneOf(cell.type, at, 'cell', ['raw_text', 'raw_number', 'rich_text']);
  inspection.keys(cell, at, 'cell', cell.type === 'raw_number' ? ['text', 'value'] : ['text'], ['text']);
  inspection.string(cell.text, `${at}/text`, 'text', 10_000);
  if (cell.type === 'raw_number' && (typeof cell.value !== 'number' || !Number.isFinite(cell.value)))
    inspection.problem(`${at}/value`, 'value: not a number');
  if (typeof cell.text === 'string') inspection.characters += cell.text.length;
}
