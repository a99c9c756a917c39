import type { Talktime } from './deduct';
import { failureOf, reconcilingAccounts, rememberReconciled, type ProviderAccount } from './endpoints';
import type { ParsedCall } from './providers';
import { providerApi, type ProviderApi } from './providers/api';
import { report, withConfiguredCost } from './webhook';

/** Webhooks have this long to come by themselves. */
const WEBHOOKS_TAKE_MILLISECONDS = 10 * 60_000;
/** How far back the first run looks, and how much is asked for twice: calls that were going on are over by the next time. */
const FIRST_LOOK_MILLISECONDS = 24 * 60 * 60_000;
const OVERLAP_MILLISECONDS = 2 * 60 * 60_000;
/** A hold of this age whose call the provider doesn't know is of a call that never happened. */
const HOLD_GRACE_MINUTES = 15;

export interface Reconciled {
  /** Calls that were charged, or put into suspense, by this. */
  readonly booked: number;
  /** Holds that were given back. */
  readonly released: number;
}

/**
 * Asks every provider whose API key is stored for the calls of late, and books those whose webhook never came; then asks
 * for the calls whose holds are old, and gives back those of calls that never happened (money-rules 7). What the API says
 * is believed over a webhook (money-rules 10), and a call that is in the ledger by the same facts stays as it is.
 * @param apiUrl where a provider's API is, for tests.
 */
export async function bookMissingCalls(
  talktime: Talktime,
  partnerId: string,
  apiUrl?: (provider: string) => string | undefined,
  now = Date.now(),
): Promise<Reconciled> {
  let [booked, released] = [0, 0];
  let failed: Error | undefined;
  for (const account of await reconcilingAccounts(talktime, partnerId)) {
    const api = providerApi(account.provider, { apiKey: account.apiKey, url: apiUrl?.(account.provider) });
    if (!api) continue;
    try {
      booked += await bookCalls(talktime, partnerId, account, api, now);
      released += await releaseHolds(talktime, partnerId, account, api);
    } catch (error) {
      failed = failureOf(account, error); // one account's trouble keeps no other from it
    }
  }
  if (failed) throw failed;
  return { booked, released };
}

async function bookCalls(
  talktime: Talktime,
  partnerId: string,
  account: ProviderAccount & { readonly reconciledUntil: number | null },
  api: ProviderApi,
  now: number,
): Promise<number> {
  const until = now - WEBHOOKS_TAKE_MILLISECONDS;
  const from =
    account.reconciledUntil === null ? until - FIRST_LOOK_MILLISECONDS : account.reconciledUntil - OVERLAP_MILLISECONDS;
  let booked = 0;
  for await (const calls of api.calls(from, until)) {
    const ended = calls.filter((call): call is ParsedCall => call.kind === 'call');
    const results = await Promise.all(ended.map((call) => book(talktime, partnerId, account, call)));
    booked += results.filter((isNew) => isNew).length;
  }
  await rememberReconciled(talktime.database, partnerId, account.endpointId, until);
  return booked;
}

/** Whether it was not in the ledger before. */
async function book(
  talktime: Talktime,
  partnerId: string,
  account: ProviderAccount,
  call: ParsedCall,
): Promise<boolean> {
  const actor = { id: `provider:${account.endpointId}`, host: false };
  const facts = withConfiguredCost(call.facts, account);
  const result = await report(talktime, partnerId, actor, account, { ...call, facts });
  if (result.replayed) return false;
  return result.outcome === 'suspense' || (result.outcome === 'deducted' && result.receipt?.revision === 1);
}

async function releaseHolds(
  talktime: Talktime,
  partnerId: string,
  account: ProviderAccount,
  api: ProviderApi,
): Promise<number> {
  const holds = await talktime.database.asPartner(partnerId, (transaction) =>
    transaction.query<{ provider_call_id: string; leg: string }>(
      `select provider_call_id, leg from talktime.holds
       where partner_id = $1 and state = 'live' and provider = $2 and account = $3
         and authorized_at < talktime.clock() - make_interval(mins => $4)
       order by authorized_at
       limit 200`,
      [partnerId, account.provider, account.account, HOLD_GRACE_MINUTES],
    ),
  );
  let released = 0;
  for (const { provider_call_id: callId, leg } of holds) {
    const call = await api.call(callId);
    if (call?.kind === 'call') await book(talktime, partnerId, account, call);
    if (call !== null) continue;
    const { provider, account: name } = account;
    await talktime.ledger.submit(partnerId, {
      kind: 'release',
      actor: { id: `provider:${account.endpointId}`, host: false },
      identity: { provider, account: name, callId, leg },
      only: null,
      as: 'released',
    });
    released++;
  }
  return released;
}
