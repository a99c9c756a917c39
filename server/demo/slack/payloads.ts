import { randomBytes } from 'node:crypto';
import type { Field, StateValue, StateValues } from './fields';
import { heldIn } from './fields';
import { text, type Json } from './json';
import { viewAsSlackSays } from './methods/views';
import type { Channel, SlackState, StoredMessage, User } from './state';
import type { StoredView } from './views';

/** What Slack puts into its requests (docs.slack.dev, "Interaction payloads", "Slash commands", "Events API"). */

interface Origin {
  readonly state: SlackState;
  readonly user: User;
  /** The workspace whose installation hears of it. */
  readonly teamId: string;
}

export function commandPayload(
  { state, user }: Origin,
  command: { name: string; text: string; channel: Channel; triggerId: string; responseUrl: string },
): Record<string, string> {
  const { channel } = command;
  return {
    token: 'deprecated',
    team_id: user.teamId,
    team_domain: state.workspace(user.teamId).domain,
    channel_id: channel.id,
    channel_name: channel.private && channel.dmWith === null ? 'privategroup' : channel.name,
    user_id: user.id,
    user_name: user.name,
    command: command.name,
    text: command.text,
    api_app_id: state.app.id,
    is_enterprise_install: 'false',
    response_url: command.responseUrl,
    trigger_id: command.triggerId,
  };
}

/** What every interaction says. In a shared channel the team is the one that installed the app, the user's may be another. */
function interaction(type: string, { state, user }: Origin, teamId: string): Json {
  return {
    type,
    user: { id: user.id, username: user.name, name: user.name, team_id: user.teamId },
    api_app_id: state.app.id,
    token: 'deprecated',
    team: { id: teamId, domain: state.workspace(teamId).domain },
    enterprise: null,
    is_enterprise_install: false,
  };
}

export function messageActionsPayload(
  origin: Origin,
  message: StoredMessage,
  about: { action: Json; triggerId: string; responseUrl: string; values: StateValues },
): Json {
  const { state, teamId } = origin;
  const isEphemeral = message.visibleTo !== null;
  return {
    ...interaction('block_actions', origin, teamId),
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: message.channel,
      is_ephemeral: isEphemeral,
      ...(message.thread_ts === null ? {} : { thread_ts: message.thread_ts }),
    },
    trigger_id: about.triggerId,
    channel: channelOf(message, state),
    // docs.slack.dev, "block_actions": an ephemeral message does not come with its content.
    ...(isEphemeral ? {} : { message: messageOf(message, state) }),
    state: { values: about.values },
    response_url: about.responseUrl,
    actions: [about.action],
  };
}

export function viewActionsPayload(origin: Origin, view: StoredView, about: { action: Json; triggerId: string }): Json {
  return {
    ...interaction('block_actions', origin, viewTeam(origin, view)),
    container: { type: 'view', view_id: view.id },
    trigger_id: about.triggerId,
    view: viewAsSlackSays(view, origin.state),
    actions: [about.action],
  };
}

export function viewSubmissionPayload(origin: Origin, view: StoredView, triggerId: string): Json {
  return {
    ...interaction('view_submission', origin, viewTeam(origin, view)),
    trigger_id: triggerId,
    view: viewAsSlackSays(view, origin.state),
    response_urls: [],
  };
}

export function viewClosedPayload(origin: Origin, view: StoredView, isCleared: boolean): Json {
  return {
    ...interaction('view_closed', origin, viewTeam(origin, view)),
    view: viewAsSlackSays(view, origin.state),
    is_cleared: isCleared,
  };
}

export function suggestionPayload(
  origin: Origin,
  field: Field,
  typed: string,
  at: { view: StoredView } | { message: StoredMessage },
): Json {
  const where =
    'view' in at
      ? {
          ...interaction('block_suggestion', origin, viewTeam(origin, at.view)),
          container: { type: 'view', view_id: at.view.id },
          view: viewAsSlackSays(at.view, origin.state),
        }
      : {
          ...interaction('block_suggestion', origin, origin.teamId),
          container: { type: 'message', message_ts: at.message.ts, channel_id: at.message.channel },
          channel: channelOf(at.message, origin.state),
          message: messageOf(at.message, origin.state),
        };
  return { ...where, action_id: field.actionId, block_id: field.blockId, value: typed };
}

export function shortcutPayload(
  origin: Origin,
  about: { callbackId: string; triggerId: string; on?: { message: StoredMessage; responseUrl: string } },
): Json {
  const { on } = about;
  return {
    ...interaction(on ? 'message_action' : 'shortcut', origin, origin.teamId),
    callback_id: about.callbackId,
    trigger_id: about.triggerId,
    action_ts: now(),
    ...(on
      ? {
          message_ts: on.message.ts,
          channel: channelOf(on.message, origin.state),
          message: messageOf(on.message, origin.state),
          response_url: on.responseUrl,
        }
      : {}),
  };
}

export function eventPayload(state: SlackState, teamId: string, event: Json): Json {
  return {
    token: 'deprecated',
    team_id: teamId,
    api_app_id: state.app.id,
    event: { ...event, event_ts: now() },
    type: 'event_callback',
    event_id: `Ev${randomBytes(5).toString('hex').toUpperCase()}`,
    event_time: Math.floor(Date.now() / 1_000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: teamId,
        user_id: state.workspace(teamId).botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
  };
}

export function homeOpenedEvent(user: User, channelId: string, view: StoredView | null, state: SlackState): Json {
  return {
    type: 'app_home_opened',
    user: user.id,
    channel: channelId,
    tab: 'home',
    ...(view ? { view: viewAsSlackSays(view, state) } : {}),
  };
}

/** What an element says when it was used: the element's own value, or what is chosen in it now. */
export function actionOf(field: Field, value: StateValue | null, option: Json | null = null): Json {
  const { element, type, actionId, blockId } = field;
  return {
    type,
    action_id: actionId,
    block_id: blockId,
    action_ts: now(),
    ...(type === 'button' ? { text: element.text, value: element.value, style: element.style, url: element.url } : {}),
    ...(option ? { selected_option: option } : {}),
    ...(value ?? {}),
    ...(value && heldIn(value) === null && 'value' in value ? { value: null } : {}),
  };
}

/** A modal that somebody of another workspace has open says their team; `app_installed_team_id` says ours. */
function viewTeam({ user, teamId }: Origin, view: StoredView): string {
  return view.type === 'modal' ? user.teamId : teamId;
}

function channelOf(message: StoredMessage, state: SlackState): Json {
  const channel = state.channels.get(message.channel);
  return { id: message.channel, name: channel?.private && !channel.dmWith ? 'privategroup' : (channel?.name ?? '') };
}

function messageOf(message: StoredMessage, state: SlackState): Json {
  const workspace = state.workspace(message.teamId);
  const isApp = message.userId === workspace.botUserId;
  return {
    type: 'message',
    user: message.userId,
    ts: message.ts,
    ...(isApp ? { bot_id: workspace.botId, app_id: state.app.id } : {}),
    text: message.text,
    team: workspace.id,
    blocks: message.blocks,
    ...(message.thread_ts === null ? {} : { thread_ts: message.thread_ts }),
    ...(message.metadata === null ? {} : { metadata: message.metadata }),
  };
}

function now(): string {
  return text((Date.now() / 1_000).toFixed(6));
}
