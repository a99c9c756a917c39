import type { z } from 'zod';
import { parseMillionths, type DeductionResult, type webhookDeduction, type webhookGate } from '../contract';
import { TalktimeError } from '../contract/errors';
import { deductionOf, type Actor } from '../ledger';
import { divideHalfAwayFromZero } from '../money';
import type { Talktime } from './deduct';
import { providerAccounts, type ProviderAccount } from './endpoints';
import { chargeableMilliseconds, type CallFacts } from './facts';
import {
  adapterOf,
  normalizeHeaders,
  recognise,
  type Delivery,
  type Parsed,
  type ParsedCall,
  type ProviderAdapter,
  type Verification,
} from './providers';

/** A provider's webhook that is passed on by API key: verified against the secrets of the partner's accounts, and posted. */
export async function deductWebhook(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  body: z.output<typeof webhookDeduction>,
): Promise<DeductionResult> {
  const delivery = readPassedOn(body);
  const adapter = body.provider === undefined ? recognise(delivery.headers) : adapterOf(body.provider);
  const account = await signingAccount(talktime, partnerId, adapter, delivery);
  const parsed = read(adapter, account, delivery.rawBody);
  if (parsed.kind === 'ignored') return { outcome: 'ignored', message: parsed.message, replayed: false };
  if (parsed.kind === 'unreadable')
    throw new TalktimeError('PAYLOAD_UNREADABLE', `${parsed.message} Nothing was charged.`);
  return report(talktime, partnerId, actor, account, parsed);
}

/** What somebody passed on, as if it had come from the provider. */
export function readPassedOn(body: z.output<typeof webhookGate>): Delivery {
  return {
    rawBody: Buffer.from(body.body_base64, 'base64'),
    headers: normalizeHeaders(body.headers),
    url: body.url ?? null,
  };
}

type Verify = ProviderAdapter['verify'];

/** The account whose secret signed a delivery. */
export async function signingAccount(
  talktime: Talktime,
  partnerId: string,
  adapter: ProviderAdapter,
  delivery: Delivery,
  verify: Verify = (...given) => adapter.verify(...given),
): Promise<ProviderAccount> {
  const accounts = await providerAccounts(talktime, partnerId, adapter.provider);
  if (accounts.length === 0) {
    throw new TalktimeError(
      'ENDPOINT_NOT_FOUND',
      `No ${adapter.provider} account is set up, so its signature cannot be checked. Create an endpoint for it with its signing secret.`,
    );
  }
  let refusal: Exclude<Verification, { ok: true }> | undefined;
  for (const account of accounts) {
    const verification = verify(delivery, { ...account, now: Date.now(), checkAge: false });
    if (verification.ok) return account;
    refusal = verification;
  }
  throw new TalktimeError(refusal!.code, refusal!.detail);
}

/** Reads the bytes of a verified delivery. */
export function read(adapter: ProviderAdapter, account: ProviderAccount, rawBody: Buffer): Parsed {
  const body = decoded(adapter, rawBody);
  return body === undefined
    ? { kind: 'unreadable', message: `The body is signed, but it is not what ${adapter.provider} sends.` }
    : readDecoded(adapter, account, body);
}

/** Reads what `decoded` answered. A call whose provider tells no cost is given the account's. */
export function readDecoded(adapter: ProviderAdapter, account: ProviderAccount, body: unknown): Parsed {
  const parsed = adapter.parse(body, account.settings);
  return parsed.kind === 'call' ? { ...parsed, facts: withConfiguredCost(parsed.facts, account) } : parsed;
}

/** The body as a value; undefined when the bytes are none. */
export function decoded(adapter: ProviderAdapter, rawBody: Buffer): unknown {
  try {
    return withoutNul(adapter.decode ? adapter.decode(rawBody) : JSON.parse(rawBody.toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Posts a call that a provider's signed delivery reports. */
export async function report(
  talktime: Talktime,
  partnerId: string,
  actor: Actor,
  { provider, account }: ProviderAccount,
  { callId, leg, facts, startedAt, clues, carrierCallId, unconfirmed }: ParsedCall,
): Promise<DeductionResult> {
  const identity = { provider, account, callId, leg };
  return deductionOf(
    await talktime.ledger.submit(partnerId, {
      kind: 'call',
      actor,
      identity,
      facts,
      startedAt,
      clues,
      carrierCallId,
      unconfirmed,
      customerId: null,
    }),
  );
}

/** A call's cost by the account's own figure, when its provider tells none. */
export function withConfiguredCost(facts: CallFacts, { settings }: ProviderAccount): CallFacts {
  const perMinute = settings.cost_per_minute;
  if (facts.cost !== null || perMinute === undefined) return facts;
  const amount = parseMillionths(perMinute.amount, 'cost_per_minute');
  const milliseconds = BigInt(chargeableMilliseconds(facts));
  return {
    ...facts,
    cost: { amount: divideHalfAwayFromZero(amount * milliseconds, 60_000n), currency: perMinute.currency },
  };
}

/** No provider's payload is nested nearly as deep; one that is would exhaust the stack of whatever walks it. */
const DEEPEST = 100;

/** Postgres holds no NUL in text; nothing that we read of a call has a use for one. */
function withoutNul(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) throw new RangeError('The body is nested too deeply');
  if (typeof value === 'string') return value.replaceAll('\0', '');
  if (Array.isArray(value)) return value.map((each) => withoutNul(each, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name.replaceAll('\0', ''), withoutNul(each, depth + 1)]),
  );
}
