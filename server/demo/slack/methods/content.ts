import { checkMessageBlocks } from '../blocks/message';
import { isRecord, records, type Json } from '../json';
import { LIMITS } from '../limits';
import type { SlackState } from '../state';
import { refuse } from './method';

/** Slack's refusal of what a message is made of; null: it may be posted. `most`: characters of its text. */
export function refusedContent(args: Json, state: SlackState, teamId: string, most: number = LIMITS.text): Json | null {
  const { text, blocks, metadata } = args;
  const hasBlocks = blocks !== undefined && !(Array.isArray(blocks) && blocks.length === 0);
  if (text !== undefined && typeof text !== 'string') return refuse('invalid_arguments', '[ERROR] text: not a string');
  if (!hasBlocks && (text === undefined || text.trim() === '')) return refuse('no_text');
  if (typeof text === 'string' && text.length > most) return refuse('msg_too_long');
  if (hasBlocks) {
    if (!Array.isArray(blocks)) return refuse('invalid_blocks_format');
    const { problems, characters } = checkMessageBlocks(blocks, state.inspectionOptions(teamId));
    if (problems.length > 0) return refuse('invalid_blocks', ...problems.map((problem) => `[ERROR] ${problem}`));
    if (characters > LIMITS.total) return refuse('msg_blocks_too_long');
  }
  return metadata === undefined ? null : refusedMetadata(metadata);
}

/** docs.slack.dev, "Message metadata": an event_type and a flat event_payload, at most 8 KB. */
function refusedMetadata(metadata: unknown): Json | null {
  if (!isRecord(metadata)) return refuse('invalid_metadata_format');
  if (typeof metadata.event_type !== 'string') return refuse('invalid_metadata_schema', '[ERROR] missing event_type');
  if (!isRecord(metadata.event_payload)) return refuse('invalid_metadata_schema', '[ERROR] missing event_payload');
  return JSON.stringify(metadata).length > 8_000 ? refuse('metadata_too_large') : null;
}

/** A message's text and blocks as they are kept: text is what a notification says. */
export function contentOf(args: Json): { text: string; blocks: Json[] } {
  return { text: typeof args.text === 'string' ? args.text : '', blocks: records(args.blocks) };
}
