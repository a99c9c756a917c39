/**
 * docs.slack.dev, "Rate limits": about 1 message a second a channel, with short bursts let through, and each method so
 * many calls a minute a workspace. Buckets that fill up in real time.
 */
export class RateLimits {
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(readonly isOn: boolean) {}

  /** Seconds to wait; null: it may go on. */
  wait(method: string, teamId: string, channel: string | null, perMinute: number): number | null {
    if (!this.isOn) return null;
    const isPost = method === 'chat.postMessage' && channel !== null;
    return isPost
      ? this.#take(`${teamId} ${channel}`, 1, BURST)
      : this.#take(`${teamId} ${method}`, perMinute / 60, perMinute);
  }

  #take(key: string, perSecond: number, most: number): number | null {
    const now = Date.now();
    const before = this.#buckets.get(key) ?? { tokens: most, at: now };
    const tokens = Math.min(most, before.tokens + ((now - before.at) / 1_000) * perSecond);
    const isEnough = tokens >= 1;
    this.#buckets.set(key, { tokens: isEnough ? tokens - 1 : tokens, at: now });
    return isEnough ? null : Math.max(1, Math.ceil((1 - tokens) / perSecond));
  }
}

const BURST = 3;
