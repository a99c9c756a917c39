import { isRecord, type Json } from '../json';
import { checkChart } from './charts';
import { checkElement } from './elements';
import { checkImage } from './images';
import { ANY_TEXT, type Inspection, type Surface } from './inspection';
import { checkRichText } from './rich-text';
import { checkTable } from './tables';

interface BlockKind {
  readonly surfaces: readonly Surface[];
  /** Besides `type` and `block_id`. */
  readonly keys: readonly string[];
  readonly required?: readonly string[];
  check?(block: Json, at: string, inspection: Inspection): void;
}

const EVERYWHERE: readonly Surface[] = ['message', 'modal', 'home'];

/** docs.slack.dev, "Blocks": each block where it may stand, what it may carry and how much. */
export const BLOCKS: Readonly<Record<string, BlockKind>> = {
  header: {
    surfaces: EVERYWHERE,
    keys: ['text'],
    check: (block, at, inspection) => inspection.textObject(block.text, `${at}/text`, 'header', 150),
  },
  divider: { surfaces: EVERYWHERE, keys: [] },
  section: {
    surfaces: EVERYWHERE,
    keys: ['text', 'fields', 'accessory', 'expand'],
    check(block, at, inspection) {
      if (block.text === undefined && block.fields === undefined)
        inspection.problem(at, 'section: neither text nor fields');
      if (block.text !== undefined) inspection.textObject(block.text, `${at}/text`, 'section', 3_000, ANY_TEXT);
      if (block.fields !== undefined) {
        inspection
          .list(block.fields, `${at}/fields`, 'fields', 1, 10)
          .forEach((field, index) => inspection.textObject(field, `${at}/fields/${index}`, 'field', 2_000, ANY_TEXT));
      }
      if (block.accessory !== undefined)
        checkElement(block.accessory, `${at}/accessory`, inspection, 'section', new Set());
      inspection.boolean(block.expand, at, 'expand');
    },
  },
  context: {
    surfaces: EVERYWHERE,
    keys: ['elements'],
    check(block, at, inspection) {
      inspection.list(block.elements, `${at}/elements`, 'elements', 1, 10).forEach((element, index) => {
        const here = `${at}/elements/${index}`;
        if (isRecord(element) && element.type === 'image')
          checkElement(element, here, inspection, 'context', new Set());
        else inspection.textObject(element, here, 'context', 3_000, ANY_TEXT);
      });
    },
  },
  actions: {
    surfaces: EVERYWHERE,
    keys: ['elements'],
    check(block, at, inspection) {
      const actionIds = new Set<string>();
      inspection
        .list(block.elements, `${at}/elements`, 'elements', 1, 25)
        .forEach((element, index) =>
          checkElement(element, `${at}/elements/${index}`, inspection, 'actions', actionIds),
        );
    },
  },
  image: {
    surfaces: EVERYWHERE,
    keys: ['image_url', 'slack_file', 'alt_text', 'title'],
    check(block, at, inspection) {
      checkImage(block, at, inspection);
      if (block.title !== undefined) inspection.textObject(block.title, `${at}/title`, 'title', 2_000);
    },
  },
  input: {
    surfaces: EVERYWHERE,
    keys: ['label', 'element', 'hint', 'optional', 'dispatch_action'],
    required: ['label', 'element'],
    check(block, at, inspection) {
      inspection.textObject(block.label, `${at}/label`, 'label', 2_000);
      if (block.hint !== undefined) inspection.textObject(block.hint, `${at}/hint`, 'hint', 2_000);
      inspection.boolean(block.optional, at, 'optional');
      inspection.boolean(block.dispatch_action, at, 'dispatch_action');
      checkElement(block.element, `${at}/element`, inspection, 'input', new Set());
    },
  },
  rich_text: { surfaces: EVERYWHERE, keys: ['elements'], check: checkRichText },
  table: { surfaces: ['message'], keys: ['rows', 'column_settings'], required: ['rows'], check: checkTable },
  markdown: {
    surfaces: ['message'],
    keys: ['text'],
    required: ['text'],
    check(block, at, inspection) {
      inspection.string(block.text, `${at}/text`, 'markdown', 12_000);
      if (typeof block.text !== 'string') return;
      inspection.characters += block.text.length;
      // All of a message's markdown together.
      inspection.markdown += block.text.length;
      if (inspection.markdown > 12_000) inspection.problem(at, 'markdown: more than 12000 characters in all');
    },
  },
  data_visualization: {
    surfaces: ['message'],
    keys: ['title', 'chart'],
    required: ['title', 'chart'],
    check: checkChart,
  },
  alert: {
    surfaces: ['modal'],
    keys: ['text', 'level'],
    required: ['text'],
    check(block, at, inspection) {
      inspection.textObject(block.text, `${at}/text`, 'alert', 3_000, ANY_TEXT);
      inspection.oneOf(block.level, at, 'level', ['default', 'info', 'warning', 'error', 'success']);
    },
  },
  file: {
    // Slack puts it into what it answers; an app cannot post one (docs.slack.dev, "File block").
    surfaces: [],
    keys: ['source', 'external_id'],
  },
};

/** Checks a message's or a view's blocks, at most `most` of them. */
export function checkBlocks(value: unknown, at: string, inspection: Inspection, most: number): void {
  if (!Array.isArray(value)) return inspection.problem(at, 'blocks: not a list');
  if (value.length === 0 || value.length > most) inspection.problem(at, `blocks: ${value.length}, of 1 to ${most}`);
  value.forEach((block, index) => checkBlock(block, `${at}/${index}`, inspection));
}

function checkBlock(block: unknown, at: string, inspection: Inspection): void {
  if (!isRecord(block) || typeof block.type !== 'string') return inspection.problem(at, 'not a block');
  const { type, block_id } = block;
  const kind = Object.hasOwn(BLOCKS, type) ? BLOCKS[type] : undefined;
  if (!kind) return inspection.problem(at, `unsupported type: ${type}`);
  if (!kind.surfaces.includes(inspection.surface))
    return inspection.problem(at, `unsupported type: ${type} in a ${inspection.surface}`);
  inspection.keys(block, at, type, ['block_id', ...kind.keys], kind.required);
  inspection.string(block_id, `${at}/block_id`, 'block_id', 255);
  if (typeof block_id === 'string') {
    if (inspection.blockIds.has(block_id)) inspection.problem(at, 'block_id used twice');
    inspection.blockIds.add(block_id);
  }
  kind.check?.(block, at, inspection);
}
