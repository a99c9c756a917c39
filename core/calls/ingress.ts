import { TalktimeError } from '../contract/errors';
import type { Talktime } from './deduct';
import { accountOfEndpoint, partnerOfEndpoint, type ProviderAccount } from './endpoints';
import {
  postponeDelivery,
  readDelivery,
  recordDelivery,
  settleDelivery,
  toDelivered,
  waitingDeliveries,
  type InboxEntry,
  type InboxState,
} from './inbox';
import type { Delivered } from '../contract';
import { adapterOf, normalizeHeaders, type Parsed } from './providers';
import { decoded, read, readDecoded, report } from './webhook';

/** What came to an endpoint's address. */
export interface Incoming {
  readonly provider: string;
  readonly endpointId: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawBody: Buffer;
  /** The public address that was called; null when it is not known. */
  readonly url: string | null;
}

/** What became of a delivery. `received`: it is recorded, and is worked on again later. */
export interface Processed {
  readonly state: InboxState;
  readonly message: string | null;
  /** It was charged before, and nothing changed now. */
  readonly replayed: boolean;
}

export interface Received {
  /** Settles when it is booked, or known not to be. Never rejects. */
  readonly processed: Promise<Processed>;
}

/**
 * Takes a provider's own delivery: verified, the age of its signature included, and recorded. When this answers, the
 * delivery is safe, and the provider may be told so; the work on it goes on in `processed`.
 * @throws TalktimeError when the address or the signature is wrong; then nothing is recorded.
 */
export async function receiveDelivery(talktime: Talktime, incoming: Incoming): Promise<Received> {
  const { provider, endpointId, rawBody, url } = incoming;
  const adapter = adapterOf(provider);
  const partnerId = await partnerOfEndpoint(talktime.database, provider, endpointId);
  const account = await accountOfEndpoint(talktime, partnerId, provider, endpointId);
  const delivery = { rawBody, headers: normalizeHeaders(incoming.headers), url };
  const verification = adapter.verify(delivery, { ...account, now: Date.now(), checkAge: true });
  if (!verification.ok) throw new TalktimeError(verification.code, verification.detail);

  const value = decoded(adapter, rawBody);
  const parsed = value === undefined ? read(adapter, account, rawBody) : readDecoded(adapter, account, value);
  const entry = await recordDelivery(talktime.database, partnerId, {
    endpointId,
    provider: adapter.provider,
    rawBody,
    value,
    settings: account.settings,
    callId: parsed.kind === 'call' ? parsed.callId : null,
  });
  return { processed: processSoon(talktime, partnerId, account, entry.inboxId, parsed) };
}

/** Works on a delivery again, after a fix: of Talktime, of a mapping, of the endpoint's settings. Never charges twice. */
export async function replayDelivery(talktime: Talktime, partnerId: string, inboxId: string): Promise<Delivered> {
  const { entry } = await readDelivery(talktime.database, partnerId, inboxId);
  const account = await accountOfEndpoint(talktime, partnerId, entry.provider, entry.endpointId);
  await work(talktime, partnerId, account, inboxId, readEntry(account, entry));
  return toDelivered((await readDelivery(talktime.database, partnerId, inboxId)).row);
}

/** At most this many in one go: a partner's lane takes them in a few batches. */
const SWEPT_AT_ONCE = 500;

/**
 * Works on what was recorded and not worked on. Answers how many. `all`: also what may be under way elsewhere, which does
 * no harm: for a service that starts, perhaps after a crash.
 */
export async function sweepInbox(talktime: Talktime, partnerId: string, all = false): Promise<number> {
  const entries = await waitingDeliveries(talktime.database, partnerId, SWEPT_AT_ONCE, !all);
  await Promise.all(
    entries.map(async (entry) => {
      const account = await accountOfEndpoint(talktime, partnerId, entry.provider, entry.endpointId);
      return work(talktime, partnerId, account, entry.inboxId, readEntry(account, entry));
    }),
  );
  return entries.length;
}

/** Pauses before a delivery is tried again here, in milliseconds; after the last, it is the sweep's. */
const PAUSES = [250, 500, 1_000, 2_000, 4_000];

/** Works on a delivery that has just come. What the database's trouble keeps from being booked is tried again soon. */
async function processSoon(
  talktime: Talktime,
  partnerId: string,
  account: ProviderAccount,
  inboxId: string,
  parsed: Parsed,
): Promise<Processed> {
  for (const pause of PAUSES) {
    const processed = await work(talktime, partnerId, account, inboxId, parsed);
    if (processed.state !== 'received') return processed;
    await new Promise((done) => setTimeout(done, pause));
  }
  return work(talktime, partnerId, account, inboxId, parsed);
}

async function work(
  talktime: Talktime,
  partnerId: string,
  account: ProviderAccount,
  inboxId: string,
  parsed: Parsed,
): Promise<Processed> {
  const { database } = talktime;
  try {
    const outcome = await bookedOrNot(talktime, partnerId, account, parsed);
    const callId = parsed.kind === 'call' ? parsed.callId : null;
    await settleDelivery(database, partnerId, inboxId, { ...outcome, callId });
    return outcome;
  } catch (error) {
    // Nothing that the delivery is to blame for; it is recorded, and is come back to.
    const message = error instanceof TalktimeError ? error.message : 'It could not be worked on, and is tried again.';
    await postponeDelivery(database, partnerId, inboxId, message).catch(() => undefined);
    return { state: 'received', message, replayed: false };
  }
}

function readEntry(account: ProviderAccount, entry: InboxEntry): Parsed {
  const adapter = adapterOf(entry.provider);
  return entry.decoded
    ? readDecoded(adapter, account, JSON.parse(entry.body.toString('utf8')))
    : read(adapter, account, entry.body);
}

async function bookedOrNot(
  talktime: Talktime,
  partnerId: string,
  account: ProviderAccount,
  parsed: Parsed,
): Promise<Processed & { state: Exclude<InboxState, 'received'> }> {
  if (parsed.kind !== 'call') return { state: parsed.kind, message: parsed.message, replayed: false };
  try {
    const actor = { id: `endpoint:${account.endpointId}`, host: false };
    const result = await report(talktime, partnerId, actor, account, parsed);
    const { replayed } = result;
    if (result.outcome === 'deducted') return { state: 'booked', message: null, replayed };
    return { state: result.outcome === 'suspense' ? 'suspense' : 'ignored', message: result.message, replayed };
  } catch (error) {
    if (error instanceof TalktimeError && error.status < 500)
      return { state: 'refused', message: error.message, replayed: false };
    throw error;
  }
}
