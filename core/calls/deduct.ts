import type { z } from 'zod';
import type { Sealer } from '../access/seal';
import {
  parseMillionths,
  type callDeduction,
  type deduction,
  type DeductionResult,
  type webhookDeduction,
} from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database } from '../database';
import { deductAmount, deductionOf, type Actor, type Ledger } from '../ledger';
import { providerAccounts, partnerOfEndpoint, type ProviderAccount } from './endpoints';
import { NO_CLUES, normalizePhoneNumber, SOURCE_RANK, type CallIdentity } from './facts';
import { normalizeHeaders, type Delivery, type ProviderAdapter, type Verification } from './provider';
import { adapterOf, recognise } from './providers';

/** What the calls need of the rest. */
export interface Talktime {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly sealer: Sealer;
}

const DEFAULT_ACCOUNT = 'default';

/** A deduction by API key: a call by plain fields, a provider's webhook passed on, or an amount. */
export async function deduct(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof deduction>,
): Promise<DeductionResult> {
  switch (body.source) {
    case 'amount':
      return deductAmount(talktime.ledger, partnerId, actor, body);
    case 'call':
      return deductCall(talktime, partnerId, actor, body);
    case 'provider_webhook':
      return deductWebhook(talktime, partnerId, actor, body);
  }
}

/** A provider's own delivery to its endpoint: verified with the age of its signature checked, read and posted. */
export async function receiveWebhook(
  talktime: Talktime,
  provider: string,
  endpointId: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  rawBody: Buffer,
): Promise<DeductionResult> {
  const adapter = adapterOf(provider);
  const partnerId = await partnerOfEndpoint(talktime.database, provider, endpointId);
  const account = (await providerAccounts(talktime, partnerId, provider)).find(
    (each) => each.endpointId === endpointId,
  );
  if (!account)
    throw new TalktimeError(
      'ENDPOINT_NOT_FOUND',
      'There is no webhook endpoint at this address. Copy the address from the list of endpoints.',
    );
  const delivery = { rawBody, headers: normalizeHeaders(headers) };
  const verification = adapter.verify(delivery, { secrets: account.secrets, now: Date.now(), checkAge: true });
  if (!verification.ok) throw new TalktimeError(verification.code, verification.detail);
  return post(talktime, partnerId, { id: `endpoint:${endpointId}`, host: false }, adapter, account, delivery);
}

async function deductWebhook(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof webhookDeduction>,
): Promise<DeductionResult> {
  const delivery = { rawBody: Buffer.from(body.body_base64, 'base64'), headers: normalizeHeaders(body.headers) };
  const adapter = body.provider === undefined ? recognise(delivery.headers) : adapterOf(body.provider);
  const accounts = await providerAccounts(talktime, partnerId, adapter.provider);
  if (accounts.length === 0) {
    throw new TalktimeError(
      'ENDPOINT_NOT_FOUND',
      `No ${adapter.provider} account is set up, so its signature cannot be checked. Create an endpoint for it with its signing secret.`,
    );
  }
  let refusal: Exclude<Verification, { ok: true }> | undefined;
  for (const account of accounts) {
    const verification = adapter.verify(delivery, { secrets: account.secrets, now: Date.now(), checkAge: false });
    if (verification.ok) return post(talktime, partnerId, actor, adapter, account, delivery);
    refusal = verification;
  }
  throw new TalktimeError(refusal!.code, refusal!.detail);
}

/** Reads a verified delivery and posts what it says. */
async function post(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  adapter: ProviderAdapter,
  account: ProviderAccount,
  delivery: Delivery,
): Promise<DeductionResult> {
  const parsed = adapter.parse(readJson(delivery.rawBody));
  if (parsed.kind === 'ignored') return { outcome: 'ignored', message: parsed.message, replayed: false };
  if (parsed.kind === 'unreadable')
    throw new TalktimeError('PAYLOAD_UNREADABLE', `${parsed.message} Nothing was charged.`);
  const identity = { provider: adapter.provider, account: account.account, callId: parsed.callId, leg: parsed.leg };
  const { facts, startedAt, clues } = parsed;
  return deductionOf(
    await talktime.ledger.submit(partnerId, {
      kind: 'call',
      actor,
      identity,
      facts,
      startedAt,
      clues,
      customerId: null,
    }),
  );
}

async function deductCall(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof callDeduction>,
): Promise<DeductionResult> {
  const seconds = parseMillionths(body.seconds, 'seconds');
  if (seconds < 0n)
    throw new TalktimeError('REQUEST_INVALID', '"seconds" cannot be negative.', [
      { path: 'seconds', message: 'cannot be negative' },
    ]);
  const identity = await identityOf(talktime, partnerId, body);
  const facts = {
    outcome: 'connected' as const,
    rawMilliseconds: Number((seconds + 999n) / 1000n),
    cost: body.cost ? { amount: parseMillionths(body.cost.amount, 'cost.amount'), currency: body.cost.currency } : null,
    rank: SOURCE_RANK.fields,
    order: null,
  };
  const clues = {
    ...NO_CLUES,
    agentId: body.agent_id ?? null,
    toNumber: body.phone_number ? normalizePhoneNumber(body.phone_number) : null,
  };
  const startedAt = body.started_at === undefined ? null : Date.parse(body.started_at);
  return deductionOf(
    await talktime.ledger.submit(partnerId, {
      kind: 'call',
      actor,
      identity,
      facts,
      startedAt,
      clues,
      customerId: body.customer_id ?? null,
    }),
  );
}

/** The identity of a call that is named by fields. */
export async function identityOf(
  talktime: Talktime,
  partnerId: string,
  named: { provider: string; account?: string; call_id: string; leg?: string },
): Promise<CallIdentity> {
  const account = named.account ?? (await soleAccount(talktime, partnerId, named.provider));
  return { provider: named.provider, account, callId: named.call_id, leg: named.leg ?? '' };
}

/**
 * The account that fields without one mean: the provider's only one, so that the same call by its webhook is the same
 * call. With several, the caller must say.
 */
async function soleAccount(talktime: Talktime, partnerId: string, provider: string): Promise<string> {
  const accounts = await providerAccounts(talktime, partnerId, provider);
  if (accounts.length > 1) {
    const names = accounts.map((each) => `"${each.account}"`).join(', ');
    throw new TalktimeError(
      'ACCOUNT_REQUIRED',
      `There are several ${provider} accounts: ${names}. Say in "account" whose call it is.`,
    );
  }
  return accounts[0]?.account ?? DEFAULT_ACCOUNT;
}

function readJson(rawBody: Buffer): unknown {
  try {
    // Postgres holds no NUL in text; nothing that we read of a call has a use for one.
    return JSON.parse(rawBody.toString('utf8'), (_, value: unknown) =>
      typeof value === 'string' ? value.replaceAll('\0', '') : value,
    );
  } catch {
    throw new TalktimeError('PAYLOAD_UNREADABLE', 'The body is signed, but it is not JSON. Nothing was charged.');
  }
}
