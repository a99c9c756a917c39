import { randomBytes } from 'node:crypto';
import type { Json } from './json';

/** Slack names the blocks and elements that came without a name, and sends those names with interactions. */
export function withBlockIds(blocks: readonly Json[]): Json[] {
  const named = (element: unknown): unknown =>
    typeof element === 'object' && element !== null && 'type' in element && !('action_id' in element)
      ? isNamed(String((element as Json).type))
        ? { ...element, action_id: randomId() }
        : element
      : element;
  return blocks.map((block) => ({
    ...block,
    block_id: block.block_id ?? randomId(),
    ...(block.accessory === undefined ? {} : { accessory: named(block.accessory) }),
    ...(block.element === undefined ? {} : { element: named(block.element) }),
    ...(block.type === 'actions' && Array.isArray(block.elements) ? { elements: block.elements.map(named) } : {}),
  }));
}

function isNamed(type: string): boolean {
  return type !== 'image';
}

export function randomId(): string {
  return randomBytes(4).toString('base64url').slice(0, 5);
}
