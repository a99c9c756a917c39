import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { audit } from '../access/audit';
import type { Sealer } from '../access/seal';
import type { Endpoint, endpointCreate, EndpointSettings, endpointUpdate, Provider } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database } from '../database';
import type { Actor } from '../ledger';

/** An account at a provider whose signed webhooks are taken, with its live secrets opened. */
export interface ProviderAccount {
  readonly endpointId: string;
  readonly provider: Provider;
  readonly account: string;
  readonly secrets: readonly string[];
  readonly settings: EndpointSettings;
}

interface EndpointRow {
  endpoint_id: string;
  provider: Provider;
  account: string;
  sealed_secrets: Buffer[];
  settings: EndpointSettings;
  created_at: Date;
  sealed_api_key: Buffer | null;
  reconciled_until: Date | null;
}

const COLUMNS =
  'endpoint_id, provider, account, sealed_secrets, settings, created_at, sealed_api_key, reconciled_until';

interface Context {
  readonly database: Database;
  readonly sealer: Sealer;
}

/** Makes the address that an account at a provider sends its webhooks to. Its secrets are sealed, and never shown again. */
export async function createEndpoint(
  { database, sealer }: Context,
  partnerId: string,
  actor: Actor,
  input: z.output<typeof endpointCreate>,
): Promise<Endpoint> {
  const endpointId = `ep_${randomBytes(16).toString('hex')}`;
  const sealed = input.secrets.map((secret) => sealer.seal(secret, sealContext(endpointId)));
  const apiKey = input.api_key === undefined ? null : sealer.seal(input.api_key, apiKeyContext(endpointId));
  return database.asPartner(partnerId, async (transaction) => {
    const [row] = await transaction.query<EndpointRow & Record<string, unknown>>(
      `insert into talktime.endpoints (partner_id, endpoint_id, provider, account, sealed_secrets, settings, sealed_api_key)
       values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (partner_id, provider, account) do nothing
       returning ${COLUMNS}`,
      [partnerId, endpointId, input.provider, input.account, sealed, JSON.stringify(input.settings), apiKey],
    );
    if (!row) {
      throw new TalktimeError(
        'ENDPOINT_EXISTS',
        `The ${input.provider} account "${input.account}" has an endpoint already. The list of endpoints shows it; name another account for a second one.`,
      );
    }
    await transaction.query('insert into directory.endpoints (endpoint_id, partner_id, provider) values ($1, $2, $3)', [
      endpointId,
      partnerId,
      input.provider,
    ]);
    await audit(transaction, partnerId, actor, 'endpoint.created', endpointId, {
      provider: input.provider,
      account: input.account,
    });
    return toEndpoint(row);
  });
}

/** Changes what is given: the live secrets (all of them, for a rotation), or the settings. */
export async function updateEndpoint(
  { database, sealer }: Context,
  partnerId: string,
  actor: Actor,
  endpointId: string,
  input: z.output<typeof endpointUpdate>,
): Promise<Endpoint> {
  const sealed = input.secrets?.map((secret) => sealer.seal(secret, sealContext(endpointId)));
  const apiKey = input.api_key ? sealer.seal(input.api_key, apiKeyContext(endpointId)) : null;
  return database.asPartner(partnerId, async (transaction) => {
    const [row] = await transaction.query<EndpointRow & Record<string, unknown>>(
      `update talktime.endpoints
       set sealed_secrets = coalesce($3::bytea[], sealed_secrets), settings = coalesce($4::jsonb, settings),
           sealed_api_key = case when $6 then $5::bytea else sealed_api_key end
       where partner_id = $1 and endpoint_id = $2
       returning ${COLUMNS}`,
      [
        partnerId,
        endpointId,
        sealed ?? null,
        input.settings ? JSON.stringify(input.settings) : null,
        apiKey,
        input.api_key !== undefined,
      ],
    );
    if (!row) throw endpointNotFound();
    if (row.provider === 'generic' && !row.settings.fields)
      throw new TalktimeError('REQUEST_INVALID', 'A generic endpoint needs to know where the body has what.', [
        { path: 'settings.fields', message: 'is missing' },
      ]);
    await audit(transaction, partnerId, actor, 'endpoint.updated', endpointId, {
      ...(input.secrets && { secrets: String(input.secrets.length) }),
      ...(input.api_key !== undefined && { api_key: input.api_key === null ? 'removed' : 'set' }),
      ...(input.settings && { settings: JSON.stringify(input.settings) }),
    });
    return toEndpoint(row);
  });
}

export async function listEndpoints({ database }: Pick<Context, 'database'>, partnerId: string): Promise<Endpoint[]> {
  return (await readEndpoints(database, partnerId)).map(toEndpoint);
}

/** The partner's accounts at a provider, with their secrets: for verifying a delivery. */
export async function providerAccounts(
  { database, sealer }: Context,
  partnerId: string,
  provider: string,
): Promise<ProviderAccount[]> {
  const rows = await readEndpoints(database, partnerId);
  return rows.filter((row) => row.provider === provider).map((row) => toAccount(sealer, row));
}

/** An account whose provider can be asked. */
export interface ReconcilingAccount extends ProviderAccount {
  readonly apiKey: string;
  /** Calls that began before this were asked for; milliseconds. */
  readonly reconciledUntil: number | null;
}

export async function reconcilingAccounts(
  { database, sealer }: Context,
  partnerId: string,
): Promise<ReconcilingAccount[]> {
  return (await readEndpoints(database, partnerId)).flatMap((row) =>
    row.sealed_api_key === null
      ? []
      : {
          ...toAccount(sealer, row),
          apiKey: sealer.open(row.sealed_api_key, apiKeyContext(row.endpoint_id)),
          reconciledUntil: row.reconciled_until?.getTime() ?? null,
        },
  );
}

/** What went wrong with an account's provider, for who looks after the service. */
export function failureOf({ provider, account }: ProviderAccount, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`The ${provider} account "${account}": ${reason}`, { cause: error });
}

/** Calls that began before `until` (milliseconds) were asked for. */
export async function rememberReconciled(
  database: Database,
  partnerId: string,
  endpointId: string,
  until: number,
): Promise<void> {
  await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      'update talktime.endpoints set reconciled_until = $3 where partner_id = $1 and endpoint_id = $2',
      [partnerId, endpointId, new Date(until)],
    ),
  );
}

function toAccount(sealer: Sealer, row: EndpointRow): ProviderAccount {
  return {
    endpointId: row.endpoint_id,
    provider: row.provider,
    account: row.account,
    settings: row.settings,
    secrets: row.sealed_secrets.map((sealed) => sealer.open(sealed, sealContext(row.endpoint_id))),
  };
}

/** Whose endpoint an address is. */
export async function partnerOfEndpoint(database: Database, provider: string, endpointId: string): Promise<string> {
  const [row] = await database.asDirectory((transaction) =>
    transaction.query<{ partner_id: string }>(
      'select partner_id from directory.endpoints where endpoint_id = $1 and provider = $2',
      [endpointId, provider],
    ),
  );
  if (!row) throw endpointNotFound();
  return row.partner_id;
}

/** The account that an endpoint is of. */
export async function accountOfEndpoint(
  context: Context,
  partnerId: string,
  provider: string,
  endpointId: string,
): Promise<ProviderAccount> {
  const account = (await providerAccounts(context, partnerId, provider)).find((each) => each.endpointId === endpointId);
  if (!account) throw endpointNotFound();
  return account;
}

function endpointNotFound(): TalktimeError {
  return new TalktimeError(
    'ENDPOINT_NOT_FOUND',
    'There is no webhook endpoint at this address. Copy the address from the list of endpoints.',
  );
}

async function readEndpoints(database: Database, partnerId: string): Promise<EndpointRow[]> {
  return database.asPartner(partnerId, (transaction) =>
    transaction.query<EndpointRow & Record<string, unknown>>(
      `select ${COLUMNS}
       from talktime.endpoints where partner_id = $1 order by provider, account`,
      [partnerId],
    ),
  );
}

const sealContext = (endpointId: string) => `endpoint ${endpointId}`;
const apiKeyContext = (endpointId: string) => `endpoint ${endpointId} api key`;

function toEndpoint(row: EndpointRow): Endpoint {
  return {
    id: row.endpoint_id,
    provider: row.provider,
    account: row.account,
    path: `/hooks/${row.provider}/${row.endpoint_id}`,
    secrets_set: row.sealed_secrets.length,
    api_key_set: row.sealed_api_key !== null,
    settings: { ...row.settings },
    created_at: row.created_at.toISOString(),
  };
}
