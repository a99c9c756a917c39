import { drawChannel, drawIndex, drawPerson } from './draw';
import type { SlackState } from './state';

/** Seconds until a page that somebody watches loads itself again. */
const REFRESH = 2;

/** What a browser sees: /, /T0BRIGHT/C0ALERTS, /T0BRIGHT/U0MIA, and /T0BRIGHT/C0ALERTS/U0MIA for what one person sees. null: nothing. */
export function servePage(state: SlackState, path: string): string | null {
  const [teamId, id, viewer] = path.split('/').slice(1).map(decodeURIComponent);
  if (teamId === '') return drawIndex(state, { refresh: REFRESH });
  const workspace = state.workspaces.get(teamId ?? '');
  if (!workspace || id === undefined) return null;
  if (workspace.users.has(id)) return drawPerson(state, workspace.id, id, { refresh: REFRESH });
  const channel = state.channels.get(id);
  if (!channel || !state.knows(workspace.id, channel)) return null;
  return drawChannel(state, workspace.id, channel, { viewer, refresh: REFRESH });
}
