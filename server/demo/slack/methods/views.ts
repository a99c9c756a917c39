import { checkView } from '../blocks/view';
import { isRecord, type Json } from '../json';
import { LIMITS } from '../limits';
import type { SlackState } from '../state';
import type { StoredView } from '../views';
import { refuse, type Method, type MethodCall } from './method';

export const views: Readonly<Record<string, Method>> = {
  'views.open': {
    args: { trigger_id: 'string', interactivity_pointer: 'string', view: 'json' },
    tier: 100,
    run(call) {
      const { args, state, token } = call;
      const refused = refusedView(args.view, 'modal', call);
      if (refused) return refused;
      const trigger = state.triggers.exchange(args.trigger_id ?? args.interactivity_pointer, token.teamId);
      if (typeof trigger === 'string') return refuse(trigger);
      const view = state.views.open(trigger.userId, token.teamId, args.view as Json, trigger.channelId);
      state.transcript.view(view, 'opened');
      return { ok: true, view: viewAsSlackSays(view, state) };
    },
  },

  'views.push': {
    args: { trigger_id: 'string', interactivity_pointer: 'string', view: 'json' },
    tier: 100,
    run(call) {
      const { args, state, token } = call;
      const refused = refusedView(args.view, 'modal', call);
      if (refused) return refused;
      const trigger = state.triggers.exchange(args.trigger_id ?? args.interactivity_pointer, token.teamId);
      if (typeof trigger === 'string') return refuse(trigger);
      // A trigger that came from elsewhere than a modal has nothing to push onto.
      if (trigger.viewId === null) return refuse('view_not_found');
      const view = state.views.push(trigger.userId, token.teamId, args.view as Json);
      if (typeof view === 'string') return refuse(view);
      state.transcript.view(view, 'pushed');
      return { ok: true, view: viewAsSlackSays(view, state) };
    },
  },

  'views.update': {
    args: { view_id: 'string', external_id: 'string', hash: 'string', view: 'json' },
    tier: 100,
    run(call) {
      const { args, state, token } = call;
      if (args.view_id === undefined && args.external_id === undefined)
        return refuse('invalid_arguments', '[ERROR] missing required field: view_id');
      const view = state.views.find({ viewId: args.view_id, externalId: args.external_id }, token.teamId);
      if (!view) return refuse('not_found');
      if (args.hash !== undefined && args.hash !== view.hash) return refuse('hash_conflict');
      const refused = refusedView(args.view, view.type, call, view);
      if (refused) return refused;
      state.views.update(view, args.view as Json);
      state.transcript.view(view, 'updated');
      return { ok: true, view: viewAsSlackSays(view, state) };
    },
  },

  'views.publish': {
    args: { user_id: 'string', hash: 'string', view: 'json' },
    tier: 100,
    run(call) {
      const { args, state, token } = call;
      const user = typeof args.user_id === 'string' ? state.workspace(token.teamId).users.get(args.user_id) : undefined;
      if (!user) return refuse('user_not_found');
      if (!state.app.homeTab) return refuse('not_enabled');
      const home = state.views.home(user.id, token.teamId);
      if (args.hash !== undefined && args.hash !== home?.hash) return refuse('hash_conflict');
      const refused = refusedView(args.view, 'home', call, home ?? undefined);
      if (refused) return refused;
      const view = state.views.publish(user.id, token.teamId, args.view as Json);
      state.transcript.view(view, 'published');
      return { ok: true, view: viewAsSlackSays(view, state) };
    },
  },
};

/** Slack's refusal of a view; null: it may be shown. */
export function refusedView(
  view: unknown,
  type: 'modal' | 'home',
  { state, token }: Pick<MethodCall, 'state' | 'token'>,
  instead?: StoredView,
): Json | null {
  if (!isRecord(view)) return refuse('invalid_arguments', '[ERROR] missing required field: view');
  if (JSON.stringify(view).length > LIMITS.viewBytes) return refuse('view_too_large');
  const problems = checkView(view, type, state.inspectionOptions(token.teamId));
  if (problems.length > 0) return refuse('invalid_arguments', ...problems.map((problem) => `[ERROR] ${problem}`));
  return state.views.hasExternalId(view.external_id, token.teamId, instead) ? refuse('duplicate_external_id') : null;
}

/** A view as answers and interactions carry it (docs.slack.dev, "View object"). */
export function viewAsSlackSays(view: StoredView, state: SlackState): Json {
  const { content } = view;
  return {
    id: view.id,
    // A person of another workspace sees it there, though it was this installation that opened it.
    team_id: state.user(view.userId)?.teamId ?? view.teamId,
    app_installed_team_id: view.teamId,
    type: view.type,
    title: content.title ?? { type: 'plain_text', text: 'View Title', emoji: true },
    submit: content.submit ?? null,
    close: content.close ?? null,
    blocks: content.blocks,
    private_metadata: content.private_metadata ?? '',
    callback_id: content.callback_id ?? '',
    external_id: content.external_id ?? '',
    state: { values: view.values },
    hash: view.hash,
    clear_on_close: content.clear_on_close ?? false,
    notify_on_close: content.notify_on_close ?? false,
    root_view_id: view.rootId,
    previous_view_id: view.previousId,
    app_id: state.app.id,
    bot_id: state.workspace(view.teamId).botId,
  };
}
