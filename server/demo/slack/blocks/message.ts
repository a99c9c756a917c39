import { checkBlocks } from './blocks';
import { Inspection, type InspectionOptions } from './inspection';

export interface MessageReport {
  readonly problems: readonly string[];
  /** Characters of text in the blocks, all together. */
  readonly characters: number;
}

export function checkMessageBlocks(blocks: unknown, options: InspectionOptions = {}): MessageReport {
  const inspection = new Inspection('message', options);
  checkBlocks(blocks, '/blocks', inspection, 50);
  return { problems: inspection.problems, characters: inspection.characters };
}
