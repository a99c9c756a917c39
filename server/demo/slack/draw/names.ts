import type { SlackState, UploadedFile } from '../state';

/** What the drawing has to look up. Everything has a stand-in, so that a message alone can be drawn. */
export interface Names {
  readonly app: string;
  user(id: string): string;
  channel(id: string): string;
  file(id: string): UploadedFile | null;
  /** Whether an id is the app's own. */
  isApp(userId: string): boolean;
  /** Milliseconds since 1970: what "today" is. */
  readonly now: number;
}

export const NOBODY: Names = {
  app: 'Talktime',
  user: (id) => id,
  channel: (id) => id,
  file: () => null,
  isApp: () => true,
  now: Date.UTC(2026, 10, 25, 12),
};

export function namesOf(state: SlackState): Names {
  const bots = new Set([...state.workspaces.values()].map(({ botUserId }) => botUserId));
  return {
    app: state.app.name,
    user: (id) => (bots.has(id) ? state.app.name : (state.user(id)?.realName ?? id)),
    channel: (id) => state.channels.get(id)?.name ?? id,
    file: (id) => state.files.get(id) ?? null,
    isApp: (id) => bots.has(id),
    now: state.now(),
  };
}
