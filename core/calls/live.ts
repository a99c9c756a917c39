import { micro, price, rateAt } from '../money';
import { loadRates, readWallets, type CustomerState } from '../ledger';
import type { Database } from '../database';
import type { Talktime } from './deduct';
import { failureOf, reconcilingAccounts, type ProviderAccount } from './endpoints';
import { mappingsOf, type CallClues } from './facts';
import { providerApi, type LiveCall, type ProviderApi } from './providers/api';

/** How much longer than a customer's longest call is looked back: older ones that look live hang at the provider. */
const LOOKED_BACK_BESIDES = 10 * 60_000;
/** An end this little past the cap is billed as the cap (money-rules 7): the provider's own limit comes first. */
const CAP_TOLERANCE_MILLISECONDS = 3_000;

/**
 * Ends the live calls of customers whose balance has run out, where their setting says so: calls without a hold, and
 * calls that are past what their hold covers. A hold that still covers its call is a promise (money-rules 7). Answers how
 * many were ended.
 */
export async function endExhaustedCalls(
  talktime: Talktime,
  partnerId: string,
  apiUrl?: (provider: string) => string | undefined,
  now = Date.now(),
): Promise<number> {
  const exhausted = await exhaustedCustomers(talktime.database, partnerId, now);
  if (exhausted.size === 0) return 0; // nearly always: no provider is asked
  let ended = 0;
  let failed: Error | undefined;
  for (const account of await reconcilingAccounts(talktime, partnerId)) {
    const api = providerApi(account.provider, { apiKey: account.apiKey, url: apiUrl?.(account.provider) });
    if (!api) continue;
    try {
      ended += await endCalls(talktime.database, partnerId, account, api, exhausted, now);
    } catch (error) {
      failed = failureOf(account, error); // one account's trouble keeps no other from it
    }
  }
  if (failed) throw failed;
  return ended;
}

async function endCalls(
  database: Database,
  partnerId: string,
  account: ProviderAccount,
  api: ProviderApi,
  exhausted: ReadonlyMap<string, number>,
  now: number,
): Promise<number> {
  let ended = 0;
  // Asked for often, so for no more than can matter.
  const lookedBack = Math.max(...exhausted.values()) * 1000 + LOOKED_BACK_BESIDES;
  for await (const calls of api.calls(now - lookedBack, now, true)) {
    for (const call of calls) {
      if (call.kind !== 'live') continue;
      const known = await ownerOf(database, partnerId, account, call);
      if (known === null || !exhausted.has(known.customerId)) continue;
      const covered = known.capSeconds === null ? null : (call.startedAt ?? now) + known.capSeconds * 1000;
      if (covered !== null && now <= covered + CAP_TOLERANCE_MILLISECONDS) continue;
      await api.endCall(call.callId);
      ended++;
    }
  }
  return ended;
}

/**
 * Customers with the setting who can spend nothing any more (what they have, less what is held or disputed, is at their floor), and
 * the seconds of their longest call.
 */
async function exhaustedCustomers(database: Database, partnerId: string, now: number): Promise<Map<string, number>> {
  return database.asPartner(partnerId, async (transaction) => {
    const customers = await transaction.query<{
      customer_id: string;
      wallet_id: number;
      grace_seconds: number;
      max_call_seconds: number;
      overdraft: CustomerState['overdraft'];
    }>(
      `select c.customer_id, c.wallet_id, c.grace_seconds, c.max_call_seconds, c.overdraft
       from talktime.customers c join talktime.wallets w using (partner_id, wallet_id)
       where c.partner_id = $1 and c.end_calls_when_exhausted and c.ai_credits_enabled and w.posted - w.held - w.disputed <= 0`,
      [partnerId],
    );
    if (customers.length === 0) return new Map<string, number>();
    const walletIds = customers.map((each) => each.wallet_id);
    const [wallets, rates] = await Promise.all([
      readWallets(transaction, partnerId, { walletIds }),
      loadRates(transaction, partnerId, { walletIds }),
    ]);
    const exhausted = customers.filter(({ wallet_id, grace_seconds, overdraft }) => {
      const rate = rateAt(rates.get(wallet_id) ?? [], now);
      const floor = micro(-(overdraft + (rate ? price(grace_seconds * 1000, rate) : 0n)));
      const { wallet } = wallets.get(wallet_id)!;
      return wallet.posted - wallet.held - wallet.disputed <= floor;
    });
    return new Map(exhausted.map((each) => [each.customer_id, each.max_call_seconds]));
  });
}

/** Whose a live call is, and what its hold covers: by the hold, else by the mappings when they name one customer. */
async function ownerOf(
  database: Database,
  partnerId: string,
  { provider, account }: ProviderAccount,
  { callId, clues }: LiveCall,
): Promise<{ customerId: string; capSeconds: number | null } | null> {
  return database.asPartner(partnerId, async (transaction) => {
    const [held, mapped] = await Promise.all([
      transaction.query<{ customer_id: string; cap_seconds: number }>(
        `select customer_id, cap_seconds from talktime.holds
         where partner_id = $1 and provider = $2 and account = $3 and provider_call_id = $4 and state = 'live'`,
        [partnerId, provider, account, callId],
      ),
      transaction.query<{ customer_id: string }>(
        `select distinct m.customer_id
         from unnest($2::text[], $3::text[]) as clue (kind, value)
         join talktime.mappings m on m.partner_id = $1 and m.kind = clue.kind and m.value = clue.value`,
        [partnerId, ...columnsOf(clues)],
      ),
    ]);
    if (held[0]) return { customerId: held[0].customer_id, capSeconds: held[0].cap_seconds };
    return mapped.length === 1 ? { customerId: mapped[0]!.customer_id, capSeconds: null } : null;
  });
}

function columnsOf(clues: CallClues): [string[], string[]] {
  const mappings = mappingsOf(clues);
  return [mappings.map(({ kind }) => kind), mappings.map(({ value }) => value)];
}
