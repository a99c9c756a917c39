import { createHash, randomBytes } from 'node:crypto';
import type { Database } from '../../database';
import type { Actor } from '../../ledger/commands';
import { audit } from '../audit';

/** Milliseconds that an install link may be used in. */
export const INSTALL_LINK_LASTS = 60 * 60 * 1000;

const TOKEN_FORM = /^[A-Za-z0-9_-]{43}$/;

/** 256 random bits: a plain hash of them is safe at rest and can be looked up. */
const hashOf = (token: string) => createHash('sha256').update(token).digest();

/** Whom an installation is for, and who asked for it. */
export interface InstallFor {
  readonly partnerId: string;
  /** Who made the link. */
  readonly actorId: string;
}

/** Makes a token by which the app can be installed for a partner, once, within the hour. It is shown this once. */
export async function createInstallToken(
  database: Database,
  partnerId: string,
  actor: Actor,
  now: Date = new Date(),
): Promise<{ readonly token: string; readonly expiresAt: Date }> {
  const token = randomBytes(32).toString('base64url');
  const expiresAt = new Date(now.getTime() + INSTALL_LINK_LASTS);
  await database.asPartner(partnerId, async (transaction) => {
    await transaction.query(
      "delete from directory.slack_install_links where expires_at < $1::timestamptz - interval '1 day'",
      [now],
    );
    await transaction.query(
      'insert into directory.slack_install_links (token_hash, partner_id, actor, expires_at) values ($1, $2, $3, $4)',
      [hashOf(token), partnerId, actor.id, expiresAt],
    );
    await audit(transaction, partnerId, actor, 'slack_install_link.created', 'slack', {});
  });
  return { token, expiresAt };
}

/** Whether a token can still be used. */
export async function isInstallTokenOpen(database: Database, token: string, now: Date = new Date()): Promise<boolean> {
  if (!TOKEN_FORM.test(token)) return false;
  const rows = await database.asDirectory((transaction) =>
    transaction.query(
      'select 1 from directory.slack_install_links where token_hash = $1 and used_at is null and expires_at > $2',
      [hashOf(token), now],
    ),
  );
  return rows.length > 0;
}

/** Uses a token up. Null when it is unknown, expired or was used: of two who come with it at once, one gets it. */
export async function useInstallToken(
  database: Database,
  token: string,
  now: Date = new Date(),
): Promise<InstallFor | null> {
  if (!TOKEN_FORM.test(token)) return null;
  const [row] = await database.asDirectory((transaction) =>
    transaction.query<{ partner_id: string; actor: string }>(
      `update directory.slack_install_links set used_at = $2
       where token_hash = $1 and used_at is null and expires_at > $2
       returning partner_id, actor`,
      [hashOf(token), now],
    ),
  );
  return row ? { partnerId: row.partner_id, actorId: row.actor } : null;
}
