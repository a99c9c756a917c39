import { randomBytes } from 'node:crypto';

/** docs.slack.dev, "Handling user interaction": a trigger_id expires in 3 seconds, and opens one thing. */
const LIFETIME_MS = 3_000;

interface Trigger {
  readonly teamId: string;
  readonly userId: string;
  /** The modal that it came out of, for views.push. */
  readonly viewId: string | null;
  /** The conversation that the person was looking at. */
  readonly channelId: string | null;
  readonly expiresAt: number;
  isUsed: boolean;
}

export class Triggers {
  readonly #triggers = new Map<string, Trigger>();

  /** Of an interaction that begins now. */
  create(teamId: string, userId: string, from: { viewId?: string; channelId?: string } = {}): string {
    const id = `${Date.now()}.${Math.floor(Math.random() * 1e9)}.${randomBytes(16).toString('hex')}`;
    this.#triggers.set(id, {
      teamId,
      userId,
      viewId: from.viewId ?? null,
      channelId: from.channelId ?? null,
      expiresAt: Date.now() + LIFETIME_MS,
      isUsed: false,
    });
    return id;
  }

  /** The error that Slack answers, or the trigger, which is used up by this. */
  exchange(id: unknown, teamId: string): Trigger | string {
    const trigger = typeof id === 'string' ? this.#triggers.get(id) : undefined;
    if (!trigger || trigger.teamId !== teamId) return 'invalid_trigger_id';
    if (trigger.isUsed) return 'exchanged_trigger_id';
    if (Date.now() > trigger.expiresAt) return 'expired_trigger_id';
    trigger.isUsed = true;
    return trigger;
  }
}
