import { escapeHtml, page } from './draw/page';
import { Grants } from './methods/oauth';
import type { SlackState } from './state';

/** Slack's page on which somebody allows an app into a workspace; each workspace and person here can be chosen. */
export function authorizePage(state: SlackState, query: URLSearchParams): string {
  const problem = wrong(state, query);
  if (problem) return page('Something went wrong', `<main class="authorize"><h1>${escapeHtml(problem)}</h1></main>`);
  const scopes = scopesOf(query).map((scope) => `<li><code>${escapeHtml(scope)}</code></li>`);
  const choices = [...state.workspaces.values()].map((workspace) => {
    const people = [...workspace.users.values()].filter(({ guest, deactivated }) => !guest && !deactivated);
    const buttons = people.map(({ id, realName }) => {
      const address = new URLSearchParams(query);
      address.set('team', workspace.id);
      address.set('user', id);
      address.set('answer', 'allow');
      return `<a class="button primary" href="?${escapeHtml(address.toString())}">Allow as ${escapeHtml(realName)}</a>`;
    });
    return `<section><h2>${escapeHtml(workspace.name)}</h2>${buttons.join(' ')}</section>`;
  });
  const cancel = new URLSearchParams(query);
  cancel.set('answer', 'deny');
  return page(
    `${state.app.name} is requesting permission`,
    `<main class="authorize"><h1>${escapeHtml(state.app.name)} is requesting permission to access a Slack workspace</h1>
<ul>${scopes.join('')}</ul>${choices.join('')}
<p><a class="button" href="?${escapeHtml(cancel.toString())}">Cancel</a></p></main>`,
  );
}

/** Where the browser is sent back to; null: the request was wrong, and Slack sends nobody anywhere. */
export function decide(state: SlackState, query: URLSearchParams, isAllowed: boolean): string | null {
  if (wrong(state, query)) return null;
  const back = new URL(query.get('redirect_uri') ?? state.app.redirectUrls?.[0] ?? '');
  const passedBack = query.get('state');
  if (passedBack !== null) back.searchParams.set('state', passedBack);
  if (!isAllowed) {
    back.searchParams.set('error', 'access_denied');
    return back.toString();
  }
  const user = state.workspaces.get(query.get('team') ?? '')?.users.get(query.get('user') ?? '');
  if (!user) return null;
  const code = Grants.of(state).allow({
    teamId: user.teamId,
    userId: user.id,
    scopes: scopesOf(query),
    redirectUri: query.get('redirect_uri'),
  });
  back.searchParams.set('code', code);
  return back.toString();
}

function wrong({ app }: SlackState, query: URLSearchParams): string | null {
  if (query.get('client_id') !== app.clientId) return 'Invalid client_id parameter';
  const scopes = scopesOf(query);
  if (scopes.length === 0) return 'No scopes requested';
  const strange = scopes.filter((scope) => !app.scopes.includes(scope));
  if (strange.length > 0) return `Invalid permissions requested: ${strange.join(', ')}`;
  const redirect = query.get('redirect_uri') ?? app.redirectUrls?.[0];
  if (redirect === undefined || !URL.canParse(redirect)) return 'redirect_uri is missing';
  const isKnown = app.redirectUrls === null || app.redirectUrls.some((url) => redirect.startsWith(url));
  return isKnown ? null : `redirect_uri did not match any configured URIs. Passed URI: ${redirect}`;
}

function scopesOf(query: URLSearchParams): string[] {
  return (query.get('scope') ?? '').split(/[\s,]+/).filter((scope) => scope !== '');
}
