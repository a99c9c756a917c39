import { isRecord, records, type Json } from '../json';
import { checkBlocks } from './blocks';
import { Inspection, type InspectionOptions } from './inspection';

const KEYS: Readonly<Record<string, readonly string[]>> = {
  modal: ['title', 'submit', 'close', 'clear_on_close', 'notify_on_close'],
  home: [],
};
const SHARED = ['blocks', 'private_metadata', 'callback_id', 'external_id'];

/** docs.slack.dev, "Views": 100 blocks; title, submit and close 24; private_metadata 3,000; callback_id 255. */
export function checkView(view: unknown, type: 'modal' | 'home', options: InspectionOptions = {}): readonly string[] {
  const inspection = new Inspection(type, options);
  if (!isRecord(view)) {
    inspection.problem('/view', 'view: not an object');
    return inspection.problems;
  }
  inspection.oneOf(view.type, '/view/type', 'type', [type]);
  inspection.keys(
    view,
    '/view',
    `a ${type}`,
    [...SHARED, ...(KEYS[type] ?? [])],
    ['type', 'blocks', ...(type === 'modal' ? ['title'] : [])],
  );
  for (const part of ['title', 'submit', 'close']) {
    if (view[part] !== undefined && type === 'modal') inspection.textObject(view[part], `/view/${part}`, part, 24);
  }
  if (type === 'modal' && view.submit === undefined && hasInput(view))
    inspection.problem('/view', 'submit: required with an input block');
  inspection.string(view.private_metadata, '/view/private_metadata', 'private_metadata', 3_000, 0);
  inspection.string(view.callback_id, '/view/callback_id', 'callback_id', 255, 0);
  inspection.string(view.external_id, '/view/external_id', 'external_id', 255, 0);
  inspection.boolean(view.clear_on_close, '/view', 'clear_on_close');
  inspection.boolean(view.notify_on_close, '/view', 'notify_on_close');
  checkBlocks(view.blocks, '/view/blocks', inspection, 100);
  return inspection.problems;
}

function hasInput(view: Json): boolean {
  return records(view.blocks).some((block) => block.type === 'input');
}
