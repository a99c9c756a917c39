import type { Transaction } from '../../database';
import type { Microcredits } from '../../money';
import type { CustomerState, HoldState, LedgerState } from '../state';

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

export async function loadHolds(
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

export async function loadLiveHolds(
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
export async function loadSpending(
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
            coalesce(sum(price) filter (where received_at >= date_trunc('day', talktime.clock(), 'UTC')), 0)::text as today,
            coalesce(sum(price), 0)::text as this_month
     from talktime.calls
     where partner_id = $1 and customer_id = any($2::text[]) and received_at >= date_trunc('month', talktime.clock(), 'UTC')
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
