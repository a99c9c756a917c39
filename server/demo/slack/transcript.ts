import type { Json } from './json';
import type { StoredMessage } from './state';

/** All that happened between the app, Slack and people, in order. `at`: milliseconds since 1970. */
export type Entry = Call | Sent | ResponseUse | Posted | Shown;

/** The app called a method. */
export interface Call {
  readonly kind: 'call';
  readonly at: number;
  readonly method: string;
  /** As they were read: a form's values are strings, except what is JSON inside it. Without the token. */
  readonly args: Json;
  /** The workspace of the token; null when there was none that works. */
  readonly teamId: string | null;
  readonly answer: Json | string;
  readonly milliseconds: number;
}

/** Slack sent a request to the app. */
export interface Sent {
  readonly kind: 'sent';
  readonly at: number;
  /** slash_command, block_actions, view_submission, view_closed, block_suggestion, message_action, shortcut, or an event's type. */
  readonly what: string;
  readonly payload: Json;
  readonly headers: Readonly<Record<string, string>>;
  /** 0: nothing was answered. */
  readonly status: number;
  readonly body: string;
  /** Until it was acknowledged, or given up after 3 seconds. */
  readonly milliseconds: number;
  /** What the person was shown instead of an answer: operation_timeout, dispatch_failed …; null: all is well. */
  readonly problem: string | null;
}

/** The app used a response_url. */
export interface ResponseUse {
  readonly kind: 'response';
  readonly at: number;
  readonly body: Json;
  readonly status: number;
  readonly answer: string;
}

/** A message came to stand somewhere, or was changed or taken away. */
export interface Posted {
  readonly kind: 'message';
  readonly at: number;
  readonly change: 'posted' | 'updated' | 'deleted';
  readonly channel: string;
  readonly ts: string;
  readonly visibleTo: string | null;
  readonly text: string;
  readonly blocks: readonly Json[];
}

/** A modal or a Home tab came to be seen. */
export interface Shown {
  readonly kind: 'view';
  readonly at: number;
  readonly change: 'opened' | 'pushed' | 'updated' | 'published' | 'closed';
  readonly userId: string;
  readonly viewId: string;
  readonly view: Json;
}

type Unstamped<E> = E extends Entry ? Omit<E, 'at'> : never;

export class Transcript {
  readonly entries: Entry[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(readonly now: () => number) {}

  /** The next entry, or that many milliseconds. */
  change(atMost: number): Promise<void> {
    return new Promise((changed) => {
      const wake = () => {
        this.#waiting.delete(wake);
        clearTimeout(timer);
        changed();
      };
      const timer = setTimeout(wake, atMost);
      this.#waiting.add(wake);
    });
  }

  add(entry: Unstamped<Entry>): Entry {
    const stamped: Entry = { ...entry, at: this.now() };
    this.entries.push(stamped);
    for (const wake of this.#waiting) wake();
    return stamped;
  }

  message({ channel, ts, visibleTo, text, blocks }: StoredMessage, change: Posted['change'] = 'posted'): void {
    this.add({ kind: 'message', change, channel, ts, visibleTo, text, blocks });
  }

  view(view: { id: string; userId: string; content: Json }, change: Shown['change']): void {
    this.add({ kind: 'view', change, userId: view.userId, viewId: view.id, view: view.content });
  }

  of<K extends Entry['kind']>(kind: K): Extract<Entry, { kind: K }>[] {
    return this.entries.filter((entry): entry is Extract<Entry, { kind: K }> => entry.kind === kind);
  }
}
