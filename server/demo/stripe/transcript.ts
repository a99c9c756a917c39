import type { Fault } from './faults';
import type { Form } from './form';

/** A request to the API, and what became of it. */
export interface Request {
  /** Milliseconds since 1970, by the fake's clock. */
  readonly at: number;
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** `POST /v1/refunds/:id`; null: there is no such call. */
  readonly address: string | null;
  /** As they were sent: all values are strings. */
  readonly params: Form;
  readonly idempotencyKey: string | null;
  /** The account that it was about. */
  readonly account: string;
  readonly version: string | null;
  readonly fault: Fault;
  /** Whether the first answer to its key was given again. */
  replayed: boolean;
  /** Whether something was done. */
  isDone: boolean;
  /** 0: no answer went out. */
  status: number;
  /** The error's code, or type where it has none. */
  error: string | null;
  answer: unknown;
}
