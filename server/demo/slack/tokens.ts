import { randomBytes } from 'node:crypto';
import type { FakeApp } from './app';
import type { TokenOptions } from './options';

export interface Token {
  readonly token: string;
  readonly teamId: string;
  readonly scopes: readonly string[];
  /** Milliseconds since 1970, in real time; null: never. */
  readonly expiresAt: number | null;
  state: 'live' | 'revoked' | 'uninstalled';
}

export interface IssuedToken extends Token {
  readonly refreshToken: string | null;
  readonly expiresIn: number | null;
}

/** The app's tokens: they expire, and each refresh token works once (docs.slack.dev, "Using token rotation"). */
export class Tokens {
  readonly #tokens = new Map<string, Token>();
  readonly #refreshTokens = new Map<string, { teamId: string; scopes: readonly string[]; isUsed: boolean }>();

  constructor(readonly app: FakeApp) {}

  add(teamId: string, options: TokenOptions): void {
    const scopes = options.scopes ?? this.app.scopes;
    this.#tokens.set(options.token, {
      token: options.token,
      teamId,
      scopes,
      expiresAt: options.expiresIn === undefined ? null : Date.now() + options.expiresIn * 1_000,
      state: 'live',
    });
    if (options.refreshToken) this.#refreshTokens.set(options.refreshToken, { teamId, scopes, isUsed: false });
  }

  get(token: string): Token | undefined {
    return this.#tokens.get(token);
  }

  /** Whether the app is installed in a workspace. */
  isInstalled(teamId: string): boolean {
    return [...this.#tokens.values()].some((token) => token.teamId === teamId && token.state === 'live');
  }

  issue(teamId: string, scopes: readonly string[]): IssuedToken {
    const { rotates, tokenLifetime } = this.app;
    const secret = randomBytes(18).toString('base64url');
    const refreshToken = rotates ? `xoxe-1-${randomBytes(24).toString('base64url')}` : null;
    const token: Token = {
      token: rotates ? `xoxe.xoxb-1-${secret}` : `xoxb-${teamId.slice(1)}-${secret}`,
      teamId,
      scopes,
      expiresAt: rotates ? Date.now() + tokenLifetime * 1_000 : null,
      state: 'live',
    };
    this.#tokens.set(token.token, token);
    if (refreshToken) this.#refreshTokens.set(refreshToken, { teamId, scopes, isUsed: false });
    return { ...token, refreshToken, expiresIn: rotates ? tokenLifetime : null };
  }

  /** null: it is unknown or was used before. At most two tokens of a workspace stay live beside each other. */
  refresh(refreshToken: string): IssuedToken | null {
    const found = this.#refreshTokens.get(refreshToken);
    if (!found || found.isUsed) return null;
    found.isUsed = true;
    const issued = this.issue(found.teamId, found.scopes);
    const expiring = [...this.#tokens.values()].filter(
      ({ teamId, state, expiresAt }) => teamId === found.teamId && state === 'live' && expiresAt !== null,
    );
    for (const old of expiring.slice(0, -2)) old.state = 'revoked';
    return issued;
  }

  revoke(token: string): void {
    const found = this.#tokens.get(token);
    if (found) found.state = 'revoked';
  }

  revokeAll(teamId: string): void {
    for (const token of this.#tokens.values()) if (token.teamId === teamId) token.state = 'revoked';
  }

  /** The app was removed from a workspace. */
  uninstall(teamId: string): void {
    for (const token of this.#tokens.values()) if (token.teamId === teamId) token.state = 'uninstalled';
    for (const [key, { teamId: of }] of this.#refreshTokens) if (of === teamId) this.#refreshTokens.delete(key);
  }

  /** Ends a token's life now, as 12 hours would. */
  expire(token: string): void {
    const found = this.#tokens.get(token);
    if (found) this.#tokens.set(token, { ...found, expiresAt: Date.now() - 1 });
  }
}
