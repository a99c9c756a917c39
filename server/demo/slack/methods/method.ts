import type { Json } from '../json';
import type { SlackState, Workspace } from '../state';
import type { Token } from '../tokens';

/** A method of the Web API: what it takes, what it needs, how often it may be called, and what it does. */
export interface Method {
  /** docs.slack.dev lists them; those that we might send. */
  readonly args: Readonly<Record<string, ArgumentType>>;
  /** The scopes of which the token must have one. */
  readonly scopes?: readonly string[];
  /** Calls a minute; see rate-limits.ts. */
  readonly tier: number;
  run(call: MethodCall): Json;
}

/** A method that is called without a token, with the app's id and secret. */
export interface AnonymousMethod extends Omit<Method, 'run' | 'scopes'> {
  readonly isAnonymous: true;
  run(call: AnonymousCall): Json;
}

/** `json`: an object or a list, which comes as JSON in a string where the body is a form. */
export type ArgumentType = 'string' | 'boolean' | 'integer' | 'json' | 'list';

export interface AnonymousCall {
  readonly state: SlackState;
  readonly args: Json;
  /** Where the fake listens. */
  readonly origin: string;
  /** What Slack tells the app of in consequence. */
  readonly tell: (teamId: string, event: Json) => void;
  readonly authorization: string | undefined;
}

export interface MethodCall extends AnonymousCall {
  readonly token: Token;
  readonly workspace: Workspace;
}

export function refuse(error: string, ...messages: string[]): Json {
  return { ok: false, error, ...(messages.length > 0 ? { response_metadata: { messages } } : {}) };
}

/** What a call that lacks a scope is answered: which it needs, and which the token has. */
export function missingScope(needed: string, { scopes }: Token): Json {
  return { ok: false, error: 'missing_scope', needed, provided: scopes.join(',') };
}

export function isTrue(value: unknown): boolean {
  return value === true || value === 'true' || value === '1' || value === 1;
}
