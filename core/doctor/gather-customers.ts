import { appliedLevels } from '../alerts/levels';
import { TalktimeError } from '../contract/errors';
import type { Transaction } from '../database';
import { loadRates, loadUsage, PARTNER_WALLET, readWallets, statusShown, type WalletState } from '../ledger';
import { creditsToMoney, micro, rateAt, ZERO, type Microcredits } from '../money';
import type { CustomerFacts, FailingEndpoint } from './facts';
import { troubledPayments, type Troubled } from '../payments/troubled';
import { failingEndpoints } from './failing';
import { suspendedByCustomer } from './suspended';

/** So many customers are looked at for a partner's own diagnosis, by id. */
export const MOST_CUSTOMERS = 5_000;
const WEEK_DAYS = 7;
/** A hold is stale when its call must have been over for this long: its longest time, and a while for the webhook. */
const STALE_AFTER_MINUTES = 15;

/** Everything the doctor looks at of one customer. @throws CUSTOMER_NOT_FOUND */
export async function gatherCustomer(
  transaction: Transaction,
  partnerId: string,
  customerId: string,
): Promise<CustomerFacts> {
  const [facts] = await gather(transaction, partnerId, [customerId]);
  if (!facts) throw new TalktimeError('CUSTOMER_NOT_FOUND', `There is no customer "${customerId}". Check the id.`);
  return {
    ...facts,
    failing: await failingEndpoints(transaction, partnerId, customerId),
    payments: await troubledPayments(transaction, partnerId, customerId),
  };
}

/** The same of all customers, up to a limit, but what is the partner's as a whole: deliveries that fail, and payments. */
export async function gatherCustomers(transaction: Transaction, partnerId: string): Promise<CustomerFacts[]> {
  const rows = await transaction.query<{ customer_id: string }>(
    'select customer_id from talktime.customers where partner_id = $1 order by customer_id limit $2',
    [partnerId, MOST_CUSTOMERS],
  );
  return gather(
    transaction,
    partnerId,
    rows.map((row) => row.customer_id),
  );
}

interface CustomerRow {
  customer_id: string;
  wallet_id: number;
  name: string;
  ai_credits_enabled: boolean;
  grace_seconds: number;
  overdraft: Microcredits;
  low_credit_notifications_enabled: boolean;
  show_pricing_information: boolean;
  customer_portal_enabled: boolean;
  restrict_credit_plan_visibility: boolean;
  visible_credit_plan_ids: string[];
  max_call_seconds: number;
  max_concurrent_calls: number | null;
  max_spend_per_day: Microcredits | null;
  max_spend_per_month: Microcredits | null;
  mappings: number;
  channels: number;
  after_top_up: Microcredits | null;
  live: number;
  amount: Microcredits;
  stale: number;
  stale_amount: Microcredits;
}

async function gather(
  transaction: Transaction,
  partnerId: string,
  customerIds: readonly string[],
): Promise<CustomerFacts[]> {
  if (customerIds.length === 0) return [];
  const [customers, partner, calls, suspended] = [
    await readCustomers(transaction, partnerId, customerIds),
    await readPartner(transaction, partnerId),
    await readCalls(transaction, partnerId, customerIds),
    await suspendedByCustomer(transaction, partnerId, customerIds),
  ];
  const walletIds = [PARTNER_WALLET, ...customers.map((row) => row.wallet_id)];
  const wallets = await readWallets(transaction, partnerId, { walletIds });
  const rates = await loadRates(transaction, partnerId, { walletIds });
  const usage = await loadUsage(transaction, partnerId, walletIds);
  const { wallet: own, now } = wallets.get(PARTNER_WALLET)!;
  const rateOf = (walletId: number) => rateAt(rates.get(walletId) ?? [], now) ?? null;
  return customers.map((row) => {
    const called = calls.get(row.customer_id) ?? NO_CALLS;
    return {
      now,
      id: row.customer_id,
      name: row.name,
      currency: partner.currency,
      funding: partner.funding,
      disputePolicy: partner.dispute_policy,
      settings: settingsOf(row),
      rate: rateOf(row.wallet_id),
      partner: { rate: rateOf(PARTNER_WALLET), posted: own.posted, held: own.held, disputed: own.disputed },
      wallet: walletOf(wallets.get(row.wallet_id)!.wallet, row.after_top_up),
      calls: {
        recent: called.recent,
        costed: {
          count: called.costed,
          price: creditsToMoney(micro(called.sold), partner.credit_value),
          cost: called.cost,
        },
        lastAt: called.last_at?.getTime() ?? null,
        beforeLast: called.before_last,
        pacePerHour: paceOf(usage.get(row.wallet_id) ?? []),
        today: called.today,
        thisMonth: called.this_month,
      },
      mappings: row.mappings,
      suspended: suspended.get(row.customer_id) ?? 0,
      holds: { live: row.live, amount: row.amount, stale: row.stale, staleAmount: row.stale_amount },
      activePlans: partner.active_plans,
      slack: { isConnected: partner.is_connected, channels: row.channels },
      failing: [] as readonly FailingEndpoint[],
      payments: [] as readonly Troubled[],
    };
  });
}

function settingsOf(row: CustomerRow): CustomerFacts['settings'] {
  return {
    aiCreditsEnabled: row.ai_credits_enabled,
    graceSeconds: row.grace_seconds,
    overdraft: row.overdraft,
    notificationsEnabled: row.low_credit_notifications_enabled,
    showPricing: row.show_pricing_information,
    portal: row.customer_portal_enabled,
    restrictPlans: row.restrict_credit_plan_visibility,
    visiblePlanIds: row.visible_credit_plan_ids,
    maxCallSeconds: row.max_call_seconds,
    maxConcurrentCalls: row.max_concurrent_calls,
    maxSpendPerDay: row.max_spend_per_day,
    maxSpendPerMonth: row.max_spend_per_month,
  };
}

function walletOf(wallet: WalletState, afterTopUp: Microcredits | null): CustomerFacts['wallet'] {
  return {
    walletId: wallet.walletId,
    episode: wallet.episode,
    status: statusShown(wallet),
    posted: wallet.posted,
    held: wallet.held,
    disputed: wallet.disputed,
    openDisputes: wallet.openDisputes,
    levels: wallet.levels.length,
    warnsAt: appliedLevels(wallet.levels)[0]?.at ?? null,
    afterTopUp,
  };
}

/** What is used in an hour, by the full days of the last week. */
function paceOf(usage: readonly bigint[]): Microcredits | null {
  const days = usage.slice(0, WEEK_DAYS);
  const used = days.reduce((sum, day) => sum + day, 0n);
  return used > 0n ? micro(used / BigInt(days.length * 24)) : null;
}

/** Settings, and what hangs on a customer one by one: its mappings, channels, live holds, and its balance after the last top-up. */
function readCustomers(
  transaction: Transaction,
  partnerId: string,
  customerIds: readonly string[],
): Promise<(CustomerRow & Record<string, unknown>)[]> {
  return transaction.query<CustomerRow & Record<string, unknown>>(
    `select c.customer_id, c.wallet_id, c.name, c.ai_credits_enabled, c.grace_seconds, c.overdraft,
            c.low_credit_notifications_enabled, c.show_pricing_information, c.customer_portal_enabled,
            c.restrict_credit_plan_visibility, c.visible_credit_plan_ids, c.max_call_seconds, c.max_concurrent_calls,
            c.max_spend_per_day, c.max_spend_per_month,
            (select count(*)::int from talktime.mappings m where m.partner_id = $1 and m.customer_id = c.customer_id) as mappings,
            (select count(*)::int from talktime.slack_channels s where s.partner_id = $1 and s.customer_id = c.customer_id) as channels,
            (select t.credit_balance
             from talktime.transfers t
             join talktime.operations o on o.partner_id = t.partner_id and o.operation_id = t.operation_id
             where t.partner_id = $1 and t.credit_account = c.wallet_id and t.credit_sequence is not null
               and o.kind in ('top_up', 'plan', 'payment', 'start')
             order by t.credit_sequence desc
             limit 1) as after_top_up,
            h.live, h.amount, h.stale, h.stale_amount
     from talktime.customers c
     cross join lateral (
       select count(*)::int as live, coalesce(sum(amount), 0)::bigint as amount,
              count(*) filter (where is_stale)::int as stale,
              coalesce(sum(amount) filter (where is_stale), 0)::bigint as stale_amount
       from (
         select amount, authorized_at < talktime.clock() - make_interval(secs => cap_seconds, mins => $3) as is_stale
         from talktime.holds
         where partner_id = $1 and customer_id = c.customer_id and state = 'live'
       ) live
     ) h
     where c.partner_id = $1 and c.customer_id = any($2::text[])
     order by c.customer_id`,
    [partnerId, customerIds, STALE_AFTER_MINUTES],
  );
}

async function readPartner(transaction: Transaction, partnerId: string) {
  const [row] = await transaction.query<{
    currency: string;
    credit_value: bigint;
    funding: 'independent' | 'allocated';
    dispute_policy: 'hold' | 'stop';
    is_connected: boolean;
    active_plans: string[];
  }>(
    `select p.currency, p.credit_value, p.funding, p.dispute_policy,
            p.slack_team_id is not null
              or exists (select from talktime.slack_installations where partner_id = $1 and gone_at is null) as is_connected,
            array(select plan_id from talktime.plans where partner_id = $1 and active order by plan_id) as active_plans
     from talktime.partners p
     where p.partner_id = $1`,
    [partnerId],
  );
  if (!row) throw new TalktimeError('PARTNER_NOT_FOUND', 'There is no such partner.');
  return row;
}

interface CallsRow {
  customer_id: string;
  last_at: Date | null;
  before_last: number;
  recent: number;
  costed: number;
  sold: bigint;
  cost: bigint;
  today: Microcredits;
  this_month: Microcredits;
}

const NO_CALLS: Omit<CallsRow, 'customer_id'> = {
  last_at: null,
  before_last: 0,
  recent: 0,
  costed: 0,
  sold: 0n,
  cost: 0n,
  today: ZERO,
  this_month: ZERO,
};

/** What a customer's calls came to: what it paid and they cost in 30 days, when the last one came, and what limits count. */
async function readCalls(
  transaction: Transaction,
  partnerId: string,
  customerIds: readonly string[],
): Promise<Map<string, CallsRow>> {
  const rows = await transaction.query<CallsRow & Record<string, unknown>>(
    `select c.customer_id, l.last_at, b.before_last, r.recent, r.costed, r.sold, r.cost, r.today, r.this_month
     from unnest($2::text[]) as c (customer_id)
     cross join (select talktime.clock() as now) clock
     cross join lateral (
       select max(received_at) as last_at
       from talktime.calls where partner_id = $1 and customer_id = c.customer_id
     ) l
     cross join lateral (
       select count(*)::int as before_last
       from talktime.calls
       where partner_id = $1 and customer_id = c.customer_id
         and received_at > l.last_at - interval '14 days' and received_at <= l.last_at
     ) b
     cross join lateral (
       select count(*) filter (where is_recent)::int as recent,
              count(*) filter (where is_costed)::int as costed,
              coalesce(sum(price - overage) filter (where is_costed), 0)::bigint as sold,
              coalesce(sum(cost) filter (where is_costed), 0)::bigint as cost,
              coalesce(sum(price) filter (where received_at >= date_trunc('day', clock.now, 'UTC')), 0)::bigint as today,
              coalesce(sum(price) filter (where received_at >= date_trunc('month', clock.now, 'UTC')), 0)::bigint as this_month
       from (
         select received_at, price, overage, cost,
                received_at >= clock.now - interval '30 days' and linked_to is null as is_recent,
                received_at >= clock.now - interval '30 days' and linked_to is null and revision > 0
                  and payer = 'customer' and cost is not null as is_costed
         from talktime.calls
         where partner_id = $1 and customer_id = c.customer_id and received_at >= clock.now - interval '31 days'
       ) lately
     ) r`,
    [partnerId, customerIds],
  );
  return new Map(rows.map((row) => [row.customer_id, row]));
}
