import type { Status } from '../alerts';
import { factsFromJson, factsHash, mappingsOf, type CallClues, type FactsJson } from '../calls/facts';
import type { Transaction } from '../database';
import type { Microcredits, Rate } from '../money';
import { PARTNER_WALLET } from './accounts';
import type { Command } from './commands';
import { callIdOf, revisionId } from './fold';
import { operationId } from './identity';
import {
  factsKey,
  mappingKey,
  type CallState,
  type CustomerState,
  type HoldState,
  type LedgerState,
  type PriorOperation,
  type ReversibleOperation,
  type SeenFacts,
  type StoredResult,
  type WalletState,
} from './state';

/**
 * Takes the partner's lock, and with it the right to change anything of the partner's. Every writer takes this one lock
 * first and no other (docs/decisions/0002). Answers the moment after the lock was taken, in milliseconds: a batch that
 * waited must not be dated before the one that it waited for (money-rules 17).
 */
export async function lockPartner(
  transaction: Transaction,
  partnerId: string,
): Promise<{ now: number; currency: string } | null> {
  const [row] = await transaction.query<{ currency: string }>(
    'select currency from talktime.partners where partner_id = $1 for no key update',
    [partnerId],
  );
  if (!row) return null;
  const [clock] = await transaction.query<{ now: Date }>(`select date_trunc('milliseconds', clock_timestamp()) as now`);
  return { now: clock!.now.getTime(), currency: row.currency };
}

/** Loads what the commands may touch. The partner's lock must be held. */
export async function loadState(
  transaction: Transaction,
  partnerId: string,
  currency: string,
  commands: readonly Command[],
): Promise<LedgerState> {
  const wanted = whatIsWanted(partnerId, commands);
  const reversible = await loadReversible(transaction, partnerId, wanted.reversals);
  for (const operation of reversible.values()) if (operation.callId) wanted.calls.add(operation.callId);
  const calls = await loadCalls(transaction, partnerId, [...wanted.calls]);
  const mappings = await loadMappings(transaction, partnerId, wanted.mappings);
  const facts = await loadFacts(transaction, partnerId, wanted.facts);

  for (const call of calls.values()) {
    if (call.customerId !== null) wanted.customers.add(call.customerId);
    if (call.revision > 0) wanted.operations.add(revisionId(partnerId, call.identity, call.revision));
    // A call in suspense may be resolved by what an earlier report of it said.
    if (call.clues.metadataCustomerId !== null) wanted.customers.add(call.clues.metadataCustomerId);
  }
  const cluesOfCalls = [...calls.values()].flatMap((call) =>
    call.state === 'suspense' ? everyMapping(call.clues) : [],
  );
  for (const [key, customerId] of await loadMappings(transaction, partnerId, cluesOfCalls))
    mappings.set(key, customerId);
  for (const customerId of mappings.values()) wanted.customers.add(customerId);
  for (const operation of reversible.values())
    if (operation.customerId !== null) wanted.customers.add(operation.customerId);
  for (const seen of facts.values()) if (seen.operationId) wanted.operations.add(seen.operationId);

  const holds = await loadHolds(transaction, partnerId, [...wanted.calls]);
  for (const hold of holds.values()) wanted.customers.add(hold.customerId);

  const operations = await loadOperations(transaction, partnerId, [...wanted.operations]);
  const customers = await loadCustomers(transaction, partnerId, [...wanted.customers]);
  const walletIds = [PARTNER_WALLET, ...[...customers.values()].map((customer) => customer.walletId)];
  const wallets = await loadWallets(transaction, partnerId, walletIds);
  const rates = await loadRates(transaction, partnerId, walletIds);
  const authorizing = wanted.authorizing ? [...customers.values()] : [];
  const liveHolds = await loadLiveHolds(transaction, partnerId, authorizing);
  const spending = await loadSpending(transaction, partnerId, authorizing);
  return {
    partnerId,
    currency,
    wallets,
    customers,
    rates,
    operations,
    reversible,
    calls,
    holds,
    liveHolds,
    spending,
    facts,
    mappings,
  };
}

/** What the commands name, before anything is read. */
function whatIsWanted(partnerId: string, commands: readonly Command[]) {
  const customers = new Set<string>();
  const operations = new Set<string>();
  const reversals = new Set<string>();
  const calls = new Set<string>();
  const facts: { callId: string; hash: string }[] = [];
  const mappings: { kind: string; value: string }[] = [];
  let authorizing = false;
  for (const command of commands) {
    if ('key' in command) operations.add(operationId(partnerId, 'request', command.key));
    if ('wallet' in command && command.wallet !== 'partner') customers.add(command.wallet.customerId);
    if ('customerId' in command && command.customerId !== null) customers.add(command.customerId);
    if (command.kind === 'reversal') reversals.add(command.operationId);
    if ('callId' in command) calls.add(command.callId);
    if ('identity' in command) calls.add(callIdOf(partnerId, command.identity));
    if (command.kind === 'authorize' || command.kind === 'extend') authorizing = true;
    if (command.kind === 'call')
      facts.push({ callId: callIdOf(partnerId, command.identity), hash: factsHash(command.facts) });
    if (command.kind === 'call' || command.kind === 'authorize') {
      mappings.push(...everyMapping(command.clues));
      if (command.clues.metadataCustomerId !== null) customers.add(command.clues.metadataCustomerId);
    }
  }
  return { customers, operations, reversals, calls, facts, mappings, authorizing };
}

/** Whatever the direction turns out to be, once the clues of several reports are put together. */
const everyMapping = (clues: CallClues) => mappingsOf({ ...clues, direction: null });

async function loadOperations(
  transaction: Transaction,
  partnerId: string,
  ids: string[],
): Promise<Map<string, PriorOperation>> {
  if (ids.length === 0) return new Map();
  const rows = await transaction.query<{ operation_id: string; content_hash: Buffer; result: StoredResult }>(
    `select operation_id, content_hash, result
     from talktime.operations
     where partner_id = $1 and operation_id = any($2::uuid[])`,
    [partnerId, ids],
  );
  return new Map(
    rows.map((row) => [row.operation_id, { contentHash: row.content_hash.toString('hex'), result: row.result }]),
  );
}

async function loadReversible(
  transaction: Transaction,
  partnerId: string,
  ids: Set<string>,
): Promise<Map<string, ReversibleOperation>> {
  if (ids.size === 0) return new Map();
  const rows = await transaction.query<{
    operation_id: string;
    kind: string;
    call_id: string | null;
    customer_id: string | null;
    transfers: { debit: number; credit: number; amount: string }[];
    reversed: string;
  }>(
    `select o.operation_id, o.kind, o.call_id, o.result ->> 'customer_id' as customer_id,
            coalesce((select jsonb_agg(jsonb_build_object('debit', t.debit_account, 'credit', t.credit_account, 'amount', t.amount::text) order by t.line)
                      from talktime.transfers t
                      where t.partner_id = o.partner_id and t.operation_id = o.operation_id), '[]') as transfers,
            (select coalesce(sum(t.amount), 0)::text
             from talktime.operations r
             join talktime.transfers t on t.partner_id = r.partner_id and t.operation_id = r.operation_id
             where r.partner_id = o.partner_id and r.reverses = o.operation_id) as reversed
     from talktime.operations o
     where o.partner_id = $1 and o.operation_id = any($2::uuid[])`,
    [partnerId, [...ids]],
  );
  return new Map(
    rows.map((row) => [
      row.operation_id,
      {
        kind: row.kind,
        callId: row.call_id,
        customerId: row.customer_id,
        transfers: row.transfers.map(({ debit, credit, amount }) => ({
          debit,
          credit,
          amount: BigInt(amount) as Microcredits,
        })),
        reversed: BigInt(row.reversed) as Microcredits,
      },
    ]),
  );
}

interface CallRow {
  call_id: string;
  provider: string;
  account: string;
  provider_call_id: string;
  leg: string;
  state: CallState['state'];
  reason: string | null;
  customer_id: string | null;
  payer: CallState['payer'];
  payer_rate: number | null;
  revision: number;
  price: Microcredits;
  overage: Microcredits;
  overage_paid: Microcredits;
  reversed: Microcredits;
  in_review: Microcredits;
  facts: FactsJson;
  started_at: Date;
  received_at: Date;
  agent_id: string | null;
  from_number: string | null;
  to_number: string | null;
  direction: 'inbound' | 'outbound' | null;
  metadata_customer_id: string | null;
}

async function loadCalls(transaction: Transaction, partnerId: string, ids: string[]): Promise<Map<string, CallState>> {
  if (ids.length === 0) return new Map();
  const rows = await transaction.query<CallRow>(
    `select * from talktime.calls where partner_id = $1 and call_id = any($2::uuid[])`,
    [partnerId, ids],
  );
  return new Map(
    rows.map((row) => [
      row.call_id,
      {
        callId: row.call_id,
        identity: { provider: row.provider, account: row.account, callId: row.provider_call_id, leg: row.leg },
        state: row.state,
        reason: row.reason,
        customerId: row.customer_id,
        payer: row.payer,
        payerRate: row.payer_rate,
        revision: row.revision,
        price: row.price,
        overage: row.overage,
        overagePaid: row.overage_paid,
        reversed: row.reversed,
        inReview: row.in_review,
        facts: factsFromJson(row.facts),
        startedAt: row.started_at.getTime(),
        receivedAt: row.received_at.getTime(),
        clues: {
          agentId: row.agent_id,
          fromNumber: row.from_number,
          toNumber: row.to_number,
          direction: row.direction,
          metadataCustomerId: row.metadata_customer_id,
        },
      },
    ]),
  );
}

interface HoldRow {
  call_id: string;
  provider: string;
  account: string;
  provider_call_id: string;
  leg: string;
  state: HoldState['state'];
  customer_id: string;
  payer: HoldState['payer'];
  wallet_id: number;
  payer_rate: number;
  floor: Microcredits;
  amount: Microcredits;
  cap_seconds: number;
  extensions: number;
  authorized_at: Date;
  ended_at: Date | null;
}

async function loadHolds(
  transaction: Transaction,
  partnerId: string,
  callIds: string[],
): Promise<Map<string, HoldState>> {
  if (callIds.length === 0) return new Map();
  const rows = await transaction.query<HoldRow & Record<string, unknown>>(
    `select * from talktime.holds where partner_id = $1 and call_id = any($2::uuid[])`,
    [partnerId, callIds],
  );
  return new Map(
    rows.map((row) => [
      row.call_id,
      {
        callId: row.call_id,
        identity: { provider: row.provider, account: row.account, callId: row.provider_call_id, leg: row.leg },
        state: row.state,
        customerId: row.customer_id,
        payer: row.payer,
        walletId: row.wallet_id,
        payerRate: row.payer_rate,
        floor: row.floor,
        amount: row.amount,
        capSeconds: row.cap_seconds,
        extensions: row.extensions,
        authorizedAt: row.authorized_at.getTime(),
        endedAt: row.ended_at?.getTime() ?? null,
      },
    ]),
  );
}

async function loadLiveHolds(
  transaction: Transaction,
  partnerId: string,
  customers: readonly CustomerState[],
): Promise<LedgerState['liveHolds']> {
  if (customers.length === 0) return new Map();
  const rows = await transaction.query<{ customer_id: string; count: number; amount: string }>(
    `select customer_id, count(*)::int as count, sum(amount)::text as amount
     from talktime.holds
     where partner_id = $1 and customer_id = any($2::text[]) and state = 'live'
     group by customer_id`,
    [partnerId, customers.map((customer) => customer.customerId)],
  );
  return new Map(
    rows.map((row) => [row.customer_id, { count: row.count, amount: BigInt(row.amount) as Microcredits }]),
  );
}

/** What a customer's calls took today and this month (UTC), whoever paid: the prices of its calls by the day they were charged. */
async function loadSpending(
  transaction: Transaction,
  partnerId: string,
  customers: readonly CustomerState[],
): Promise<LedgerState['spending']> {
  const limited = customers.filter(
    (customer) => customer.maxSpendPerDay !== null || customer.maxSpendPerMonth !== null,
  );
  if (limited.length === 0) return new Map();
  const rows = await transaction.query<{ customer_id: string; today: string; this_month: string }>(
    `select customer_id,
            coalesce(sum(price) filter (where received_at >= date_trunc('day', clock_timestamp(), 'UTC')), 0)::text as today,
            coalesce(sum(price), 0)::text as this_month
     from talktime.calls
     where partner_id = $1 and customer_id = any($2::text[]) and received_at >= date_trunc('month', clock_timestamp(), 'UTC')
     group by customer_id`,
    [partnerId, limited.map((customer) => customer.customerId)],
  );
  return new Map(
    rows.map((row) => [
      row.customer_id,
      { today: BigInt(row.today) as Microcredits, thisMonth: BigInt(row.this_month) as Microcredits },
    ]),
  );
}

async function loadFacts(
  transaction: Transaction,
  partnerId: string,
  wanted: { callId: string; hash: string }[],
): Promise<Map<string, SeenFacts>> {
  if (wanted.length === 0) return new Map();
  const rows = await transaction.query<{ call_id: string; facts_hash: Buffer; operation_id: string | null }>(
    `select f.call_id, f.facts_hash, f.operation_id
     from unnest($2::uuid[], $3::bytea[]) as wanted (call_id, facts_hash)
     join talktime.call_facts f on f.partner_id = $1 and f.call_id = wanted.call_id and f.facts_hash = wanted.facts_hash`,
    [partnerId, wanted.map((each) => each.callId), wanted.map((each) => Buffer.from(each.hash, 'hex'))],
  );
  return new Map(
    rows.map((row) => [factsKey(row.call_id, row.facts_hash.toString('hex')), { operationId: row.operation_id }]),
  );
}

async function loadMappings(
  transaction: Transaction,
  partnerId: string,
  wanted: { kind: string; value: string }[],
): Promise<Map<string, string>> {
  if (wanted.length === 0) return new Map();
  const rows = await transaction.query<{ kind: string; value: string; customer_id: string }>(
    `select m.kind, m.value, m.customer_id
     from (select distinct * from unnest($2::text[], $3::text[]) as each (kind, value)) as wanted
     join talktime.mappings m on m.partner_id = $1 and m.kind = wanted.kind and m.value = wanted.value`,
    [partnerId, wanted.map((each) => each.kind), wanted.map((each) => each.value)],
  );
  return new Map(rows.map((row) => [mappingKey(row.kind, row.value), row.customer_id]));
}

async function loadCustomers(
  transaction: Transaction,
  partnerId: string,
  ids: string[],
): Promise<Map<string, CustomerState>> {
  if (ids.length === 0) return new Map();
  const rows = await transaction.query<{
    customer_id: string;
    wallet_id: number;
    ai_credits_enabled: boolean;
    grace_seconds: number;
    overdraft: Microcredits;
    shortfall_policy: CustomerState['shortfallPolicy'];
    max_call_seconds: number;
    max_concurrent_calls: number | null;
    max_spend_per_day: Microcredits | null;
    max_spend_per_month: Microcredits | null;
  }>(
    `select customer_id, wallet_id, ai_credits_enabled, grace_seconds, overdraft, shortfall_policy,
            max_call_seconds, max_concurrent_calls, max_spend_per_day, max_spend_per_month
     from talktime.customers
     where partner_id = $1 and customer_id = any($2::text[])`,
    [partnerId, ids],
  );
  return new Map(
    rows.map((row) => [
      row.customer_id,
      {
        customerId: row.customer_id,
        walletId: row.wallet_id,
        aiCreditsEnabled: row.ai_credits_enabled,
        graceSeconds: row.grace_seconds,
        overdraft: row.overdraft,
        shortfallPolicy: row.shortfall_policy,
        maxCallSeconds: row.max_call_seconds,
        maxConcurrentCalls: row.max_concurrent_calls,
        maxSpendPerDay: row.max_spend_per_day,
        maxSpendPerMonth: row.max_spend_per_month,
      },
    ]),
  );
}

/** Wallets with their alert settings, which are the customer's, or for wallet 0 the partner's. */
export async function loadWallets(
  transaction: Transaction,
  partnerId: string,
  ids: number[],
): Promise<Map<number, WalletState>> {
  const rows = await transaction.query<{
    wallet_id: number;
    customer_id: string | null;
    posted: Microcredits;
    held: Microcredits;
    sequence: bigint;
    head: Buffer | null;
    last_posted_at: Date | null;
    status: Status;
    told: Status;
    episode: number;
    low_credit_threshold: Microcredits | null;
    notifications_enabled: boolean;
  }>(
    `select w.wallet_id, c.customer_id, w.posted, w.held, w.sequence, w.head, w.last_posted_at, w.status, w.told, w.episode,
            case when w.wallet_id = 0 then p.low_credit_threshold else c.low_credit_threshold end as low_credit_threshold,
            case when w.wallet_id = 0 then p.low_credit_notifications_enabled else c.low_credit_notifications_enabled end as notifications_enabled
     from talktime.wallets w
     join talktime.partners p on p.partner_id = w.partner_id
     left join talktime.customers c on c.partner_id = w.partner_id and c.wallet_id = w.wallet_id
     where w.partner_id = $1 and w.wallet_id = any($2::int[])`,
    [partnerId, ids],
  );
  return new Map(
    rows.map((row) => [
      row.wallet_id,
      {
        walletId: row.wallet_id,
        customerId: row.customer_id,
        posted: row.posted,
        held: row.held,
        sequence: row.sequence,
        head: row.head?.toString('hex') ?? null,
        lastPostedAt: row.last_posted_at?.getTime() ?? null,
        status: row.status,
        told: row.told,
        episode: row.episode,
        lowCreditThreshold: row.low_credit_threshold,
        notificationsEnabled: row.notifications_enabled,
      },
    ]),
  );
}

/** Every version of the wallets' rates, oldest first. */
export async function loadRates(
  transaction: Transaction,
  partnerId: string,
  walletIds: number[],
): Promise<Map<number, Rate[]>> {
  const rows = await transaction.query<{
    wallet_id: number;
    version: number;
    credits_per_minute: Microcredits;
    initial_seconds: number;
    increment_seconds: number;
    effective_from: Date;
  }>(
    `select wallet_id, version, credits_per_minute, initial_seconds, increment_seconds, effective_from
     from talktime.rates
     where partner_id = $1 and wallet_id = any($2::int[])
     order by wallet_id, version`,
    [partnerId, walletIds],
  );
  const rates = new Map<number, Rate[]>();
  for (const row of rows) {
    const versions = rates.get(row.wallet_id) ?? [];
    versions.push({
      version: row.version,
      creditsPerMinute: row.credits_per_minute,
      rounding: { initialSeconds: row.initial_seconds, incrementSeconds: row.increment_seconds },
      effectiveFrom: row.effective_from.getTime(),
    });
    rates.set(row.wallet_id, versions);
  }
  return rates;
}
