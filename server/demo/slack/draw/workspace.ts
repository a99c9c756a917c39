import type { Channel, SlackState, StoredMessage, Workspace } from '../state';
import { channelHtml } from './messages';
import { namesOf } from './names';
import { escapeHtml, page } from './page';
import { homeHtml, modalHtml } from './view';

/** Everything of a workspace on one page: its channels, and each person's DM, Home tab and modals. */
export function drawWorkspace(state: SlackState, teamId: string): string {
  const workspace = state.workspace(teamId);
  const names = namesOf(state);
  const rooms = channelsOf(state, teamId).map(
    (channel) => `${barHtml(channel)}${channelHtml(messagesIn(state, channel.id), names)}`,
  );
  const people = [...workspace.users.values()].map(({ id }) => personHtml(state, teamId, id));
  return page(workspace.name, `<div class="main">${[...rooms, ...people].join('\n')}</div>`);
}

/** A channel with the workspace's bar beside it: what somebody sees there, or everybody's ephemeral messages as well. */
export function drawChannel(state: SlackState, teamId: string, channel: Channel, options: LiveOptions = {}): string {
  const messages = messagesIn(state, channel.id, options.viewer);
  const main = `${barHtml(channel)}${channelHtml(messages, namesOf(state))}`;
  return layout(state, teamId, channel.id, main, options);
}

export function drawPerson(state: SlackState, teamId: string, userId: string, options: LiveOptions = {}): string {
  return layout(state, teamId, userId, personHtml(state, teamId, userId), options);
}

/** The workspaces, with links to everything in them. */
export function drawIndex(state: SlackState, options: LiveOptions = {}): string {
  const sections = [...state.workspaces.values()].map((workspace) => {
    const channels = channelsOf(state, workspace.id).map(
      (channel) => `<li><a href="${href(workspace.id, channel.id)}">${escapeHtml(titleOf(channel))}</a></li>`,
    );
    const people = [...workspace.users.values()].map(
      ({ id, realName }) =>
        `<li><a href="${href(workspace.id, id)}">${escapeHtml(realName)}</a>: ${status(state, workspace, id)}</li>`,
    );
    return `<section><h2>${escapeHtml(workspace.name)}</h2><ul>${channels.join('')}</ul><ul>${people.join('')}</ul></section>`;
  });
  return page('Slack', `<main class="index"><h1>Slack, for the demo</h1>${sections.join('')}</main>`, options);
}

export interface LiveOptions {
  /** Only what this person sees. */
  readonly viewer?: string;
  /** Seconds until the page loads itself again. */
  readonly refresh?: number;
}

function layout(state: SlackState, teamId: string, here: string, main: string, options: LiveOptions): string {
  const workspace = state.workspace(teamId);
  const link = (id: string, words: string) =>
    `<a class="${id === here ? 'here' : ''}" href="${href(teamId, id)}">${escapeHtml(words)}</a>`;
  const channels = channelsOf(state, teamId).map((channel) => link(channel.id, titleOf(channel)));
  const people = [...workspace.users.values()].map(({ id, realName }) => link(id, realName));
  return page(
    workspace.name,
    `<div class="layout"><nav class="sidebar"><h2>${escapeHtml(workspace.name)}</h2><h3>Channels</h3>${channels.join('')}<h3>People</h3>${people.join('')}</nav><div class="main">${main}</div></div>`,
    options,
  );
}

function personHtml(state: SlackState, teamId: string, userId: string): string {
  const names = namesOf(state);
  const home = state.views.home(userId, teamId);
  const dm = [...state.channels.values()].find(({ dmWith, teamId: of }) => dmWith === userId && of === teamId);
  const stack = state.views.stack(userId);
  const top = stack.at(-1);
  const parts = [
    top ? `<div class="veil" style="min-height:0">${modalHtml(top, names, stack.length - 1)}</div>` : '',
    home ? homeHtml(home, names) : '',
    dm
      ? `<div class="bar">${escapeHtml(names.app)} <small>direct message with ${escapeHtml(names.user(userId))}</small></div>${channelHtml(messagesIn(state, dm.id, userId), names)}`
      : '',
  ].join('\n');
  return parts.trim() === ''
    ? `<div class="none">${escapeHtml(names.user(userId))} sees nothing of the app yet.</div>`
    : parts;
}

function status(state: SlackState, { id: teamId }: Workspace, userId: string): string {
  const modals = state.views.stack(userId).length;
  return (
    [state.views.home(userId, teamId) ? 'Home tab' : '', modals > 0 ? 'a modal is open' : '']
      .filter(Boolean)
      .join(', ') || 'nothing yet'
  );
}

function messagesIn(state: SlackState, channelId: string, viewer?: string): StoredMessage[] {
  return [...state.messages, ...state.ephemerals]
    .filter(
      ({ channel, visibleTo }) =>
        channel === channelId && (viewer === undefined || visibleTo === null || visibleTo === viewer),
    )
    .sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

function channelsOf(state: SlackState, teamId: string): Channel[] {
  return [...state.channels.values()].filter((channel) => channel.dmWith === null && state.knows(teamId, channel));
}

function barHtml(channel: Channel): string {
  const shared = channel.sharedWith.size > 0 ? '<span class="shared">shared with another company</span>' : '';
  return `<div class="bar">${escapeHtml(titleOf(channel))}${shared}${channel.archived ? '<small>archived</small>' : ''}</div>`;
}

function titleOf({ name, private: isPrivate }: Channel): string {
  return `${isPrivate ? '🔒' : '#'}${name}`;
}

function href(teamId: string, id: string): string {
  return `/${encodeURIComponent(teamId)}/${encodeURIComponent(id)}`;
}
