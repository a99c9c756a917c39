import type { Transcript } from './transcript';

/** How long a person looks for what the app is about to show. An acknowledgement comes first, the rest after it. */
export const PATIENCE_MS = 2_000;

/**
 * Waits until `look` finds something (neither null, undefined nor false) and returns it. While `look` throws, it has not
 * found it yet; at the end of patience its error, or one that says `what`, is thrown.
 */
export async function until<T>(
  look: () => T | null | undefined | false,
  transcript: Transcript,
  { within = PATIENCE_MS, what = 'what was waited for' }: { within?: number; what?: string } = {},
): Promise<T> {
  const end = Date.now() + within;
  for (;;) {
    let problem: unknown = new Error(`Within ${within} ms there was not ${what}`);
    try {
      const found = look();
      if (found !== null && found !== undefined && found !== false) return found;
    } catch (error) {
      problem = error;
    }
    if (Date.now() >= end) throw problem;
    await transcript.change(Math.min(50, Math.max(1, end - Date.now())));
  }
}
