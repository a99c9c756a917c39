import { isRecord, parseJson, records, text, type Json } from './json';
import { contentOf, refusedContent } from './methods/content';
import { refusedView } from './methods/views';
import type { SlackState } from './state';
import type { Sent } from './transcript';
import type { StoredView } from './views';

/** What an acknowledgement does by what it says (docs.slack.dev, "Modals": response_action). */

/** Null: done. Otherwise what was wrong with it, in which case the person sees that it did not work and nothing changes. */
export function applyAcknowledgement(body: string, view: StoredView, state: SlackState): string | null {
  const answer = body === '' ? {} : parseJson(body);
  if (!isRecord(answer)) return `not an acknowledgement: ${body.slice(0, 100)}`;
  // The app may have changed or cleared the modal meanwhile.
  const isThere = state.views.stack(view.userId).includes(view);
  switch (answer.response_action) {
    case undefined:
      if (isThere) {
        state.views.pop(view.userId);
        state.transcript.view(view, 'closed');
      }
      return null;
    case 'clear':
      for (const one of state.views.stack(view.userId)) state.transcript.view(one, 'closed');
      state.views.clear(view.userId);
      return null;
    case 'errors':
      return applyErrors(answer.errors, view);
    case 'update':
    case 'push':
      return show(answer.response_action, answer.view, view, state);
    default:
      return `unknown response_action: ${JSON.stringify(answer.response_action)}`;
  }
}

/** A command can be answered in its acknowledgement. */
export function postAcknowledgement(
  { body, problem }: Sent,
  where: { teamId: string; userId: string; channelId: string },
  state: SlackState,
): void {
  if (problem !== null || body.trim() === '') return;
  const parsed = parseJson(body);
  const args: Json = isRecord(parsed) ? parsed : { text: body };
  if (refusedContent(args, state, where.teamId)) return;
  state.addMessage({
    channel: where.channelId,
    teamId: where.teamId,
    token: '',
    userId: state.workspace(where.teamId).botUserId,
    visibleTo: args.response_type === 'in_channel' ? null : where.userId,
    thread_ts: null,
    broadcast: false,
    files: [],
    metadata: null,
    ...contentOf(args),
  });
}

function applyErrors(errors: unknown, view: StoredView): string | null {
  if (!isRecord(errors) || Object.keys(errors).length === 0) return 'response_action errors: no errors';
  const inputs = records(view.content.blocks).filter(({ type }) => type === 'input');
  const strange = Object.keys(errors).filter((id) => !inputs.some((block) => block.block_id === id));
  if (strange.length > 0) return `response_action errors: no input block ${strange.join(', ')}`;
  view.errors = Object.fromEntries(Object.entries(errors).map(([id, said]) => [id, text(said)]));
  return null;
}

function show(action: 'update' | 'push', content: unknown, view: StoredView, state: SlackState): string | null {
  const token = { teamId: view.teamId, token: '', scopes: [], expiresAt: null, state: 'live' as const };
  const refused = refusedView(content, 'modal', { state, token }, action === 'update' ? view : undefined);
  if (refused) return `response_action ${action}: ${JSON.stringify(refused)}`;
  if (action === 'update') {
    state.views.update(view, content as Json);
    state.transcript.view(view, 'updated');
    return null;
  }
  const pushed = state.views.push(view.userId, view.teamId, content as Json);
  if (typeof pushed === 'string') return `response_action push: ${pushed}`;
  state.transcript.view(pushed, 'pushed');
  return null;
}
