import type { MessageBlock } from '../messages/message';

/** docs.slack.dev, "Home tabs": a view holds up to 100 blocks. */
const MOST_BLOCKS = 100;
/** Ours: Slack takes about 13,200 in a message, and says nowhere how many. */
const MOST_CHARACTERS = 10_000;

/**
 * The blocks with names as long as fit: a view has to stay within a number of characters, and names that need escaping
 * grow. Ids are always whole.
 */
export function fitting(build: (nameLength: number) => MessageBlock[]): MessageBlock[] {
  for (const nameLength of [40, 24, 12]) {
    const blocks = build(nameLength);
    if (charactersOf(blocks) <= MOST_CHARACTERS && blocks.length <= MOST_BLOCKS) return blocks;
  }
  return build(6);
}

/** All that is shown as text, as Slack counts it. */
export function charactersOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + charactersOf(each), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, each]) => sum + (key === 'text' && typeof each === 'string' ? each.length : charactersOf(each)),
    0,
  );
}
