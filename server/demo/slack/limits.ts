import { checkMessageBlocks } from './blocks/message';
import type { InspectionOptions } from './blocks/inspection';

/** Limits on a message as a whole. Those of blocks stand beside each kind in blocks/. */
export const LIMITS = {
  /** docs.slack.dev, "chat.postMessage": longer text is cut there. */
  text: 40_000,
  /** docs.slack.dev, "chat.update": msg_too_long. */
  updatedText: 4_000,
  /** Undocumented: about this many characters of block text in total, and Slack answers msg_blocks_too_long. */
  total: 13_200,
  /** Ours: clear of `total`, because it is not documented. */
  ownTotal: 10_000,
  /** docs.slack.dev, "views.open": view_too_large. */
  viewBytes: 250 * 1024,
} as const;

/**
 * What a message breaks, in words: Slack's limits, and the few of our own that are stricter; an empty list when all is
 * well. Slack refuses what is beyond them only when it is posted, and then whole, so tests ask here first.
 */
export function brokenLimits(message: { text?: unknown; blocks?: unknown }, options: InspectionOptions = {}): string[] {
  const broken: string[] = [];
  if (typeof message.text !== 'string' || message.text.trim() === '') broken.push('text: missing');
  else if (message.text.length > LIMITS.updatedText) broken.push(`text: longer than ${LIMITS.updatedText}`);
  const { problems, characters } = checkMessageBlocks(message.blocks, options);
  broken.push(...problems);
  if (characters > LIMITS.total) broken.push(`blocks: ${characters} characters in all: msg_blocks_too_long`);
  else if (characters > LIMITS.ownTotal)
    broken.push(`blocks: ${characters} characters in all, of ${LIMITS.ownTotal} that we allow`);
  return broken;
}
