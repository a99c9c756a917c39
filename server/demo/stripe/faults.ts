import type { Form } from './form';

/** How a call goes wrong. */
export type Fault =
  /** It is done as if nothing were scripted: for a list such as [500, ok, 500]. */
  | 'ok'
  /** The connection is cut, and nothing was done. */
  | 'cut before'
  /** It is done, and the connection is cut instead of saying so. */
  | 'cut after'
  /** No answer ever comes, and nothing was done. */
  | 'hang before'
  /** It is done, and no answer ever comes. */
  | 'hang after'
  /** 429 */
  | 'rate limited'
  /** 409: another request holds the object. Nothing was done, and nothing is kept under the idempotency key. */
  | 'lock timeout'
  /** 500 before anything was done. Kept under the idempotency key: repeating it is answered alike for 24 hours. */
  | 'server error'
  /** It is done, and then answered with a 500, which is kept under the idempotency key. */
  | 'server error after'
  /** A 5xx of something before Stripe's API: nothing was done, nothing is kept. */
  | 'unavailable'
  /** Stripe takes so long, and then does it. */
  | { readonly delayMs: number }
  /** It is done, and the answer takes so long. */
  | { readonly answerAfterMs: number };

/** A call as a script sees it. */
export interface FaultCall {
  readonly params: Form;
  readonly account: string;
  readonly idempotencyKey: string | null;
  readonly path: string;
}

export interface FaultRules {
  /** Only calls for which this holds. */
  readonly when?: (call: FaultCall) => boolean;
  /** How many calls; all of them until it is cleared, unless said otherwise. */
  readonly times?: number;
  /** Passes over so many calls first. */
  readonly after?: number;
}

interface Script {
  readonly address: string;
  readonly faults: Fault[];
  readonly isLasting: boolean;
  readonly when: (call: FaultCall) => boolean;
  left: number;
  toPass: number;
}

/** What was scripted to go wrong, by the address of a call: `POST /v1/payment_intents`, `GET /v1/refunds/:id`, or `*`. */
export class Faults {
  #scripts: Script[] = [];

  /** The next calls go so, one each. */
  next(address: string, faults: readonly Fault[]): void {
    this.#scripts.push({ address, faults: [...faults], isLasting: false, when: () => true, left: Infinity, toPass: 0 });
  }

  /** Calls go so. The result ends it. */
  always(
    address: string,
    fault: Fault,
    { when = () => true, times = Infinity, after = 0 }: FaultRules = {},
  ): () => void {
    const script: Script = { address, faults: [fault], isLasting: true, when, left: times, toPass: after };
    this.#scripts.push(script);
    return () => void (this.#scripts = this.#scripts.filter((one) => one !== script));
  }

  clear(): void {
    this.#scripts = [];
  }

  take(address: string, call: FaultCall): Fault {
    for (const script of this.#scripts) {
      if ((script.address !== address && script.address !== '*') || script.left <= 0 || !script.when(call)) continue;
      if (script.toPass > 0) {
        script.toPass -= 1;
        continue;
      }
      const fault = script.isLasting ? script.faults[0] : script.faults.shift();
      script.left -= 1;
      if (fault !== undefined) return fault;
    }
    return 'ok';
  }
}
