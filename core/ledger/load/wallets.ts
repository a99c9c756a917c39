import { levelFromJson, levelsOf, type LevelContext, type LevelJson, type Status } from '../../alerts/levels';
import { TalktimeError } from '../../contract/errors';
import type { Transaction } from '../../database';
import { micro, type Microcredits, type Rate } from '../../money';
import { lotsFromJson, matured } from '../lots';
import type { CustomerState, WalletState } from '../state';
import { PACE, paceFromJson, WINDOWS_END, type UsageJson } from './usage';

export async function loadCustomers(
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

/** Wallets by their numbers, and those of customers. */
export interface WalletsOf {
  readonly walletIds?: readonly number[];
  readonly customerIds?: readonly string[];
}

/** The numbers of the wallets meant by $2 and $3. */
const WALLET_IDS = `any($2::int[] || array(select wallet_id from talktime.customers where partner_id = $1 and customer_id = any($3::text[])))`;

/** The rate in force of the wallet `w.wallet_id`: its newest version, because none is dated ahead. */
const RATE = `(
  select jsonb_build_object('credits', credits_per_minute::text, 'initial', initial_seconds, 'increment', increment_seconds)
  from talktime.rates
  where partner_id = $1 and wallet_id = w.wallet_id
  order by version desc
  limit 1
)`;

interface RateJson {
  readonly credits: string;
  readonly initial: number;
  readonly increment: number;
}

function rateFromJson({ credits, initial, increment }: RateJson): LevelContext['rate'] {
  const rounding = { initialSeconds: initial, incrementSeconds: increment };
  return { creditsPerMinute: micro(BigInt(credits)), rounding };
}

/**
 * Wallets with their alert settings, which are the customer's, or for wallet 0 the partner's. What levels in minutes and in
 * days depend on is read for wallets that have such.
 */
export async function loadWallets(
  transaction: Transaction,
  partnerId: string,
  of: WalletsOf,
): Promise<Map<number, WalletState>> {
  const rows = await transaction.query<{
    wallet_id: number;
    customer_id: string | null;
    posted: Microcredits;
    held: Microcredits;
    disputed: Microcredits;
    open_disputes: number;
    sequence: bigint;
    head: Buffer | null;
    last_posted_at: Date | null;
    lots: Parameters<typeof lotsFromJson>[0];
    last_grant: number;
    status: Status;
    told: Status;
    episode: number;
    last_top_up: Microcredits | null;
    low_credit_threshold: Microcredits | null;
    notifications_enabled: boolean;
    levels: LevelJson[];
    rate: RateJson | null;
    pace: UsageJson;
  }>(
    `select w.wallet_id, c.customer_id, w.posted, w.held, w.disputed, w.open_disputes, w.sequence, w.head, w.last_posted_at, w.lots, w.last_grant, w.status, w.told, w.episode,
            w.last_top_up,
            case when w.wallet_id = 0 then p.low_credit_threshold else c.low_credit_threshold end as low_credit_threshold,
            case when w.wallet_id = 0 then p.low_credit_notifications_enabled else c.low_credit_notifications_enabled end as notifications_enabled,
            s.levels,
            case when s.levels @> '[{"kind":"minutes"}]' then ${RATE} end as rate,
            case when s.levels @> '[{"kind":"days"}]' then ${PACE} end as pace
     from talktime.wallets w
     join talktime.partners p on p.partner_id = w.partner_id
     left join lateral (
       select * from talktime.customers where partner_id = $1 and wallet_id = w.wallet_id offset 0
     ) c on true
     cross join lateral (
       select case when w.wallet_id = 0 then p.alert_levels else coalesce(c.alert_levels, p.customer_alert_levels) end as levels
     ) s
     cross join ${WINDOWS_END}
     where w.partner_id = $1 and w.wallet_id = ${WALLET_IDS}`,
    [partnerId, of.walletIds ?? [], of.customerIds ?? []],
  );
  return new Map(
    rows.map((row) => [
      row.wallet_id,
      {
        walletId: row.wallet_id,
        customerId: row.customer_id,
        posted: row.posted,
        held: row.held,
        disputed: row.disputed,
        openDisputes: row.open_disputes,
        sequence: row.sequence,
        head: row.head?.toString('hex') ?? null,
        lastPostedAt: row.last_posted_at?.getTime() ?? null,
        lots: lotsFromJson(row.lots),
        lastGrant: row.last_grant,
        status: row.status,
        told: row.told,
        episode: row.episode,
        lastTopUp: row.last_top_up,
        lowCreditThreshold: row.low_credit_threshold,
        levels: levelsOf(row.low_credit_threshold, row.levels.map(levelFromJson), {
          lastTopUp: row.last_top_up,
          rate: row.rate && rateFromJson(row.rate),
          pace: paceFromJson(row.pace),
        }),
        notificationsEnabled: row.notifications_enabled,
      },
    ]),
  );
}

/** A wallet as a reader sees it: as it is at this moment, with what has started or expired and nobody has booked yet. */
export type MaturedWallet = ReturnType<typeof matured<WalletState>> & { readonly now: number };

/** Wallets for readers: expiry counts at its time, also when nothing ran (money-rules 17). */
export async function readWallets(
  transaction: Transaction,
  partnerId: string,
  of: WalletsOf,
): Promise<Map<number, MaturedWallet>> {
  const [wallets, [clock]] = await Promise.all([
    loadWallets(transaction, partnerId, of),
    transaction.query<{ now: Date }>('select talktime.clock() as now'),
  ]);
  const now = clock!.now.getTime();
  return new Map([...wallets].map(([walletId, wallet]) => [walletId, { ...matured(wallet, now), now }]));
}

export async function readWallet(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
): Promise<MaturedWallet> {
  const wallet = (await readWallets(transaction, partnerId, { walletIds: [walletId] })).get(walletId);
  if (!wallet) throw new TalktimeError('PARTNER_NOT_FOUND', 'There is no such partner.');
  return wallet;
}

/** Every version of the wallets' rates, oldest first. */
export async function loadRates(
  transaction: Transaction,
  partnerId: string,
  of: WalletsOf,
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
     where partner_id = $1 and wallet_id = ${WALLET_IDS}
     order by wallet_id, version`,
    [partnerId, of.walletIds ?? [], of.customerIds ?? []],
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
