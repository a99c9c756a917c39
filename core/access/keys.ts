import { createHash, randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { ApiKey, apiKeyCreate, Scope } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import type { Actor } from '../ledger/commands';
import { audit } from './audit';

/** Whose key a request came with, and what it may do. */
export interface Principal {
  readonly keyId: string;
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** null for a host's key, which acts for the partner that a request names. */
  readonly partnerId: string | null;
  /** The one customer that the key is limited to. */
  readonly customerId: string | null;
}

interface KeyRow {
  key_id: string;
  partner_id: string | null;
  customer_id: string | null;
  name: string;
  scopes: Scope[];
  created_at: Date;
  revoked_at: Date | null;
}

const KEY_FORM = /^tt_[A-Za-z0-9_-]{43}$/;

/** A key has 256 random bits, so a plain hash of it is safe at rest and can be looked up. */
const hashOf = (key: string) => createHash('sha256').update(key).digest();

/** Who a key belongs to; null when it is unknown or revoked. */
export async function authenticate(database: Database, key: string): Promise<Principal | null> {
  if (!KEY_FORM.test(key)) return null;
  const [row] = await database.asDirectory((transaction) =>
    transaction.query<KeyRow>(
      'select key_id, partner_id, customer_id, name, scopes from directory.api_keys where key_hash = $1 and revoked_at is null',
      [hashOf(key)],
    ),
  );
  if (!row) return null;
  return {
    keyId: row.key_id,
    name: row.name,
    scopes: new Set(row.scopes),
    partnerId: row.partner_id,
    customerId: row.customer_id,
  };
}

/** Makes a key and answers it, this once. A key without a partner is a host's and has the scope `host` alone. */
export async function createApiKey(
  database: Database,
  partnerId: string | null,
  actor: Actor,
  input: z.output<typeof apiKeyCreate>,
): Promise<ApiKey & { key: string }> {
  const scopes = [...new Set(input.scopes)];
  if (scopes.includes('host') && partnerId !== null) {
    throw new TalktimeError(
      'REQUEST_INVALID',
      'A partner\'s key cannot have the scope "host". Host keys are made on the command line.',
      [{ path: 'scopes', message: 'host is not for partners' }],
    );
  }
  if (partnerId === null && (scopes.length !== 1 || scopes[0] !== 'host')) {
    throw new TalktimeError(
      'REQUEST_INVALID',
      'A key without a partner is a host\'s key, with the scope "host" alone.',
      [{ path: 'scopes', message: 'must be host' }],
    );
  }
  const key = `tt_${randomBytes(32).toString('base64url')}`;
  const keyId = `key_${randomBytes(8).toString('hex')}`;
  const create = async (transaction: Transaction) => {
    if (input.customer_id !== undefined) await requireCustomer(transaction, partnerId, input.customer_id);
    const [row] = await transaction.query<KeyRow>(
      `insert into directory.api_keys (key_hash, key_id, partner_id, customer_id, name, scopes)
       values ($1, $2, $3, $4, $5, $6)
       returning key_id, partner_id, customer_id, name, scopes, created_at, revoked_at`,
      [hashOf(key), keyId, partnerId, input.customer_id ?? null, input.name, scopes],
    );
    if (partnerId !== null)
      await audit(transaction, partnerId, actor, 'api_key.created', keyId, {
        scopes,
        customer_id: input.customer_id ?? null,
      });
    return row!;
  };
  const row = partnerId === null ? await database.asDirectory(create) : await database.asPartner(partnerId, create);
  return { ...toApiKey(row), key };
}

async function requireCustomer(transaction: Transaction, partnerId: string | null, customerId: string): Promise<void> {
  const rows = await transaction.query('select 1 from talktime.customers where partner_id = $1 and customer_id = $2', [
    partnerId,
    customerId,
  ]);
  if (rows.length === 0)
    throw new TalktimeError('CUSTOMER_NOT_FOUND', `There is no customer "${customerId}" to limit the key to.`);
}

/** A partner's keys (or, with null, the host's), newest first. */
export async function listApiKeys(database: Database, partnerId: string | null): Promise<ApiKey[]> {
  const rows = await database.asDirectory((transaction) =>
    transaction.query<KeyRow>(
      `select key_id, partner_id, customer_id, name, scopes, created_at, revoked_at
       from directory.api_keys
       where partner_id is not distinct from $1
       order by created_at desc, key_id
       limit 1000`,
      [partnerId],
    ),
  );
  return rows.map(toApiKey);
}

/** Ends a key at once. Ending it again changes nothing. */
export async function revokeApiKey(
  database: Database,
  partnerId: string | null,
  actor: Actor,
  keyId: string,
): Promise<void> {
  const revoke = async (transaction: Transaction) => {
    const rows = await transaction.query(
      `update directory.api_keys set revoked_at = coalesce(revoked_at, now())
       where key_id = $1 and partner_id is not distinct from $2
       returning key_id`,
      [keyId, partnerId],
    );
    if (rows.length === 0)
      throw new TalktimeError('API_KEY_NOT_FOUND', `There is no API key ${keyId}. The list of keys shows their ids.`);
    if (partnerId !== null) await audit(transaction, partnerId, actor, 'api_key.revoked', keyId, {});
  };
  await (partnerId === null ? database.asDirectory(revoke) : database.asPartner(partnerId, revoke));
}

function toApiKey(row: KeyRow): ApiKey {
  return {
    id: row.key_id,
    name: row.name,
    scopes: row.scopes,
    customer_id: row.customer_id,
    created_at: row.created_at.toISOString(),
    revoked_at: row.revoked_at?.toISOString() ?? null,
  };
}
