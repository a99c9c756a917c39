import { invalid, Refusal } from './errors';

/** An answer as it went out. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Stripe keeps keys for at least 24 hours, and forgets them then. */
const KEPT_MS = 24 * 60 * 60 * 1_000;

interface Kept {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly parameters: string;
  readonly requestId: string;
  /** null: it is still being done. */
  answer: Answer | null;
}

export interface KeyedRequest {
  readonly account: string;
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: string;
  readonly requestId: string;
}

/**
 * docs.stripe.com/api/idempotent_requests: the first answer to a key is given again, whatever it was (also a 500), when
 * the parameters are the same. Nothing is kept of a request whose parameters were refused or that came too soon.
 */
export class IdempotencyKeys {
  readonly #kept = new Map<string, Kept>();

  constructor(readonly now: () => number) {}

  /** The first answer, or null: it is to be done now. @throws Refusal 400, 409 */
  begin(request: KeyedRequest): Answer | null {
    const { account, key, method, path, parameters, requestId } = request;
    const name = `${account} ${key}`;
    const kept = this.#kept.get(name);
    if (!kept || kept.at <= this.now() - KEPT_MS) {
      this.#kept.set(name, { at: this.now(), method, path, parameters, requestId, answer: null });
      return null;
    }
    if (kept.path !== path || kept.method !== method)
      throw mismatch(
        `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}' instead of '${kept.path}'). Try using a key other than '${key}' if you meant to execute a different request.`,
      );
    if (kept.parameters !== parameters)
      throw mismatch(
        `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
      );
    if (kept.answer === null) {
      const { body } = invalid(
        `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
        'idempotency_key_in_use',
      );
      throw new Refusal(409, body);
    }
    const headers = { ...kept.answer.headers, 'idempotent-replayed': 'true', 'original-request': kept.requestId };
    return { ...kept.answer, headers };
  }

  keep({ account, key }: KeyedRequest, answer: Answer): void {
    const kept = this.#kept.get(`${account} ${key}`);
    if (kept) kept.answer = answer;
  }

  /** Nothing was begun. */
  forget({ account, key }: KeyedRequest): void {
    this.#kept.delete(`${account} ${key}`);
  }
}

function mismatch(message: string): Refusal {
  return new Refusal(400, { message, type: 'idempotency_error' });
}
