import type { Json } from './json';

/** How a call is answered instead of being done. */
export type Failure =
  /** An error code of Slack's. */
  | { readonly error: string }
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** Slack takes so long, and then does it. */
  | { readonly delayMs: number }
  /** The connection is cut, and nothing was done. */
  | 'cut'
  /** No answer ever comes, and nothing was done. */
  | 'hang'
  /** It is done, and the connection is cut instead of saying so. */
  | 'done but cut'
  /** It is done as if nothing were scripted: for a list such as [500, ok, 500]. */
  | 'ok';

export interface FailureRules {
  /** Only calls for which this holds. */
  readonly when?: (args: Json) => boolean;
  /** How many calls; all of them until it is cleared, unless said otherwise. */
  readonly times?: number;
}

interface Script {
  readonly method: string;
  readonly failures: Failure[];
  readonly lasting: boolean;
  readonly when: (args: Json) => boolean;
  left: number;
}

/** What was scripted to go wrong. `response_url` and `upload` stand for the addresses that are no methods. */
export class Failures {
  #scripts: Script[] = [];

  /** The next calls of a method are answered so, one each. */
  next(method: string, failures: readonly Failure[]): void {
    this.#scripts.push({ method, failures: [...failures], lasting: false, when: () => true, left: Infinity });
  }

  /** Calls of a method are answered so. The result ends it. */
  always(method: string, failure: Failure, { when = () => true, times = Infinity }: FailureRules = {}): () => void {
    const script: Script = { method, failures: [failure], lasting: true, when, left: times };
    this.#scripts.push(script);
    return () => void (this.#scripts = this.#scripts.filter((one) => one !== script));
  }

  clear(): void {
    this.#scripts = [];
  }

  take(method: string, args: Json): Failure {
    for (const script of this.#scripts) {
      if (script.method !== method || script.left <= 0 || !script.when(args)) continue;
      const failure = script.lasting ? script.failures[0] : script.failures.shift();
      script.left -= 1;
      if (failure !== undefined) return failure;
    }
    return 'ok';
  }
}
