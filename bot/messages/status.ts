import type { Status } from '@talktime/core/alerts';

/** How a status is shown, everywhere. */
export const STATUS: Record<Status, { readonly mark: string; readonly words: string }> = {
  ok: { mark: '🟢', words: 'ok' },
  low: { mark: '🟡', words: 'low' },
  critical: { mark: '🟠', words: 'very low' },
  exhausted: { mark: '🔴', words: 'out of credits' },
};
