import type { SlackState } from './state';

export function servePage(_state: SlackState, _path: string): string | null {
  return null;
}
