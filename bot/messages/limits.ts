/**
 * Slack's limits on a message, and the few of our own that are stricter. Slack refuses what is beyond them only when it
 * is posted, and then whole: so messages are checked against this in tests, and so is what arrives at the fake Slack.
 */
export const LIMITS = {
  text: 40_000,
  blocks: 50,
  header: 150,
  sectionText: 3_000,
  fields: 10,
  field: 2_000,
  contextElements: 10,
  contextText: 3_000,
  actionsElements: 25,
  buttonText: 75,
  blockId: 255,
  /** Undocumented: about this many characters of block text in total, and Slack answers msg_blocks_too_long. */
  total: 13_200,
  /** Ours: clear of `total`, because it is not documented. */
  ownTotal: 10_000,
} as const;

/** What a message breaks, in words; an empty list when Slack takes it. Reads JSON as it would arrive at Slack. */
export function brokenLimits(message: { text?: unknown; blocks?: unknown }): string[] {
  const broken: string[] = [];
  if (typeof message.text !== 'string' || message.text.trim() === '') broken.push('text: missing');
  else if (message.text.length > LIMITS.text) broken.push(`text: longer than ${LIMITS.text}`);

  const { blocks } = message;
  if (!Array.isArray(blocks)) return [...broken, 'blocks: not a list'];
  if (blocks.length === 0 || blocks.length > LIMITS.blocks)
    broken.push(`blocks: ${blocks.length}, of 1 to ${LIMITS.blocks}`);
  const ids = new Set<string>();
  let total = 0;
  blocks.forEach((block: unknown, index) => {
    const report = checkBlock(block);
    total += report.characters;
    broken.push(...report.broken.map((what) => `blocks[${index}]: ${what}`));
    if (report.id !== null && ids.has(report.id)) broken.push(`blocks[${index}]: block_id used twice`);
    if (report.id !== null) ids.add(report.id);
  });
  if (total > LIMITS.total) broken.push(`blocks: ${total} characters in all: msg_blocks_too_long`);
  else if (total > LIMITS.ownTotal)
    broken.push(`blocks: ${total} characters in all, of ${LIMITS.ownTotal} that we allow`);
  return broken;
}

interface Report {
  readonly id: string | null;
  readonly characters: number;
  readonly broken: string[];
}

/** What a block of a type may carry besides `type` and `block_id`. */
const KEYS: Record<string, readonly string[]> = {
  header: ['text'],
  section: ['text', 'fields'],
  context: ['elements'],
  divider: [],
  actions: ['elements'],
};

function checkBlock(block: unknown): Report {
  if (!isRecord(block) || typeof block.type !== 'string') return { id: null, characters: 0, broken: ['not a block'] };
  const broken: string[] = [];
  const keys = KEYS[block.type];
  if (!keys) return { id: null, characters: 0, broken: [`a block of type ${block.type} is not one of ours`] };
  for (const key of Object.keys(block)) {
    if (key !== 'type' && key !== 'block_id' && !keys.includes(key)) broken.push(`${block.type} has no ${key}`);
  }
  let characters = 0;
  const text = (value: unknown, where: string, most: number, kinds: readonly string[]) => {
    if (!isRecord(value) || typeof value.text !== 'string') return void broken.push(`${where}: not a text object`);
    characters += value.text.length;
    if (!kinds.includes(String(value.type))) broken.push(`${where}: ${String(value.type)}, of ${kinds.join(' or ')}`);
    if (value.text.length === 0) broken.push(`${where}: empty`);
    if (value.text.length > most) broken.push(`${where}: ${value.text.length} characters, of ${most}`);
    if (value.type === 'mrkdwn' && value.emoji !== undefined) broken.push(`${where}: emoji is for plain_text`);
    if (value.type === 'plain_text' && value.verbatim !== undefined) broken.push(`${where}: verbatim is for mrkdwn`);
  };
  const list = (value: unknown, where: string, most: number): unknown[] => {
    if (!Array.isArray(value) || value.length === 0 || value.length > most) {
      broken.push(`${where}: not 1 to ${most}`);
      return [];
    }
    return value;
  };

  if (block.type === 'header') text(block.text, 'header', LIMITS.header, ['plain_text']);
  if (block.type === 'section') {
    if (block.text === undefined && block.fields === undefined) broken.push('section: neither text nor fields');
    if (block.text !== undefined) text(block.text, 'section', LIMITS.sectionText, ['mrkdwn', 'plain_text']);
    if (block.fields !== undefined) {
      for (const field of list(block.fields, 'fields', LIMITS.fields))
        text(field, 'field', LIMITS.field, ['mrkdwn', 'plain_text']);
    }
  }
  if (block.type === 'context') {
    for (const element of list(block.elements, 'elements', LIMITS.contextElements)) {
      text(element, 'context', LIMITS.contextText, ['mrkdwn', 'plain_text']);
    }
  }
  if (block.type === 'actions') {
    for (const element of list(block.elements, 'elements', LIMITS.actionsElements)) {
      if (!isRecord(element) || element.type !== 'button') broken.push('actions: not a button');
      else text(element.text, 'button', LIMITS.buttonText, ['plain_text']);
    }
  }
  const id = typeof block.block_id === 'string' ? block.block_id : null;
  if (id !== null && (id.length === 0 || id.length > LIMITS.blockId))
    broken.push(`block_id: not 1 to ${LIMITS.blockId} characters`);
  return { id, characters, broken };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
