import type { z } from 'zod';
import type { MarginReport, MarginRow, reportQuery, UsageReport, UsageRow } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { creditsToMoney, formatDecimal, micro } from '../money';

type Query = z.output<typeof reportQuery>;
type Group = 'customer' | 'agent' | 'provider' | 'day';

const USUAL_DAYS = 30;
const LONGEST_DAYS = 400;
const DAY_MILLISECONDS = 24 * 60 * 60_000;
/** More rows than anybody reads; the query says which to take fewer of. */
const MOST_ROWS = 10_000;

const COLUMNS: Readonly<Record<Group, { readonly name: string; readonly sql: string }>> = {
  customer: { name: 'customer_id', sql: 'customer_id' },
  agent: { name: 'agent_id', sql: 'agent_id' },
  provider: { name: 'provider', sql: 'provider' },
  day: { name: 'day', sql: `to_char(started_at at time zone 'UTC', 'YYYY-MM-DD')` },
};

interface Sums extends Record<string, unknown> {
  is_total: boolean;
  calls: bigint;
  connected: bigint;
  raw_milliseconds: bigint | null;
  billed_seconds: bigint | null;
  by_customer: bigint | null;
  by_partner: bigint | null;
  cost: bigint | null;
  without_cost: bigint;
}

/** Minutes and prices of calls that were charged, by customer, agent, provider and day. */
export async function usageReport(database: Database, partnerId: string, query: Query): Promise<UsageReport> {
  const { rows, total, ...reported } = await report(database, partnerId, query, false);
  return { ...reported, rows: rows.map(toUsage), total: toUsage(total) };

  function toUsage({ key, sums }: Counted): UsageRow {
    const [byCustomer, byPartner] = [sums.by_customer ?? 0n, sums.by_partner ?? 0n];
    return {
      ...key,
      calls: Number(sums.calls),
      connected_calls: Number(sums.connected),
      ...minutesOf(sums),
      price: formatDecimal(byCustomer + byPartner),
      paid_by_customer: formatDecimal(byCustomer),
      paid_by_partner: formatDecimal(byPartner),
    };
  }
}

/**
 * What calls cost the partner beside what customers paid for them: markup = price / cost - 1, margin = 1 - cost / price.
 * Of calls whose cost is known; the others are counted apart, since a cost that nobody told is not 0.
 */
export async function marginReport(database: Database, partnerId: string, query: Query): Promise<MarginReport> {
  const { rows, total, creditValue, ...reported } = await report(database, partnerId, query, true);
  return { ...reported, rows: rows.map(toMargin), total: toMargin(total) };

  function toMargin({ key, sums }: Counted): MarginRow {
    const price = creditsToMoney(micro(sums.by_customer ?? 0n), creditValue);
    const cost = sums.cost ?? 0n;
    return {
      ...key,
      calls: Number(sums.calls - sums.without_cost),
      calls_without_cost: Number(sums.without_cost),
      ...minutesOf(sums),
      price: formatDecimal(price),
      cost: formatDecimal(cost),
      ...profitOf(price, cost),
    };
  }
}

/** Markup and margin of a price and a cost in the same unit, to 6 decimals; null where one would divide by nothing. */
export function profitOf(price: bigint, cost: bigint): { markup: number | null; margin: number | null } {
  const ratio = (part: bigint, whole: bigint) =>
    whole <= 0n ? null : Math.round((Number(part) / Number(whole)) * 1e6) / 1e6;
  return { markup: ratio(price - cost, cost), margin: ratio(price - cost, price) };
}

function minutesOf(sums: Sums): { minutes_raw: string; minutes_billed: string } {
  // Whole milliseconds and seconds: to the millionth of a minute.
  return {
    minutes_raw: formatDecimal(((sums.raw_milliseconds ?? 0n) * 1_000n) / 60n),
    minutes_billed: formatDecimal(((sums.billed_seconds ?? 0n) * 1_000_000n) / 60n),
  };
}

interface Counted {
  readonly key: Record<string, string | null>;
  readonly sums: Sums;
}

async function report(database: Database, partnerId: string, query: Query, ofCosts: boolean) {
  const groups = groupsOf(query.by);
  const to = query.to === undefined ? Date.now() : Date.parse(query.to);
  const from = query.from === undefined ? to - USUAL_DAYS * DAY_MILLISECONDS : Date.parse(query.from);
  if (!(from < to) || to - from > LONGEST_DAYS * DAY_MILLISECONDS)
    throw invalid('from', `"from" comes before "to", by ${LONGEST_DAYS} days at most.`);
  return database.asPartner(partnerId, async (transaction) => {
    const [rows, [partner]] = await Promise.all([
      sum(transaction, partnerId, groups, query, from, to, ofCosts),
      transaction.query<{ currency: string; credit_value: bigint }>(
        'select currency, credit_value from talktime.partners where partner_id = $1',
        [partnerId],
      ),
    ]);
    if (rows.length > MOST_ROWS)
      throw invalid(
        'by',
        `There are more than ${MOST_ROWS} rows. Ask for a shorter time, or one customer or provider.`,
      );
    const counted = (sums: Sums): Counted => ({ key: sums.is_total ? {} : keyOf(groups, sums), sums });
    return {
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      currency: partner!.currency,
      creditValue: partner!.credit_value,
      rows: rows.filter((row) => !row.is_total).map(counted),
      total: counted(rows.find((row) => row.is_total)!),
    };
  });
}

/** One row a group, and the total of all. With `ofCosts`, money and minutes are of calls whose cost is known. */
function sum(
  transaction: Transaction,
  partnerId: string,
  groups: readonly Group[],
  query: Query,
  from: number,
  to: number,
  ofCosts: boolean,
): Promise<Sums[]> {
  const columns = groups.map((group) => COLUMNS[group]);
  const selected = columns.map(({ sql, name }) => `${sql} as ${name}`).join(', ');
  const names = columns.map(({ name }) => name).join(', ');
  const counted = ofCosts ? 'filter (where cost is not null)' : '';
  // One customer's calls are found by its own index, which is by when they were heard of: not before they began, but for clocks
  // that differ. Those of all, by when they began.
  const whose =
    query.customer_id === undefined
      ? 'and $4::text is null and customer_id is not null'
      : `and customer_id = $4 and received_at >= $2 - interval '1 day'`;
  return transaction.query<Sums>(
    `with of_calls as (
       select ${selected}, payer, price, overage, overage_paid, billed_seconds, cost,
              facts->>'outcome' = 'connected' as connected,
              case when facts->>'outcome' = 'connected' then (facts->>'rawMilliseconds')::bigint else 0 end as raw_milliseconds
       from talktime.calls
       where partner_id = $1 and started_at >= $2 and started_at < $3 and revision > 0 and linked_to is null
         ${whose} and provider = coalesce($5, provider)
         and ($6::text is null or agent_id = $6)),
     priced as (
       select *,
              case when payer = 'customer' then price - overage else 0 end as by_customer,
              case when payer = 'customer' then overage_paid else price end as by_partner
       from of_calls)
     select grouping(${names}) <> 0 as is_total, ${names},
            count(*) as calls, count(*) filter (where connected) as connected,
            (sum(raw_milliseconds) ${counted})::bigint as raw_milliseconds,
            (sum(billed_seconds) ${counted})::bigint as billed_seconds,
            (sum(by_customer) ${counted})::bigint as by_customer,
            (sum(by_partner) ${counted})::bigint as by_partner,
            sum(cost)::bigint as cost,
            count(*) filter (where cost is null) as without_cost
     from priced
     group by grouping sets ((${names}), ())
     order by is_total, ${names}
     limit ${MOST_ROWS + 2}`,
    [
      partnerId,
      new Date(from),
      new Date(to),
      query.customer_id ?? null,
      query.provider ?? null,
      query.agent_id ?? null,
    ],
  );
}

function keyOf(groups: readonly Group[], sums: Sums): Record<string, string | null> {
  return Object.fromEntries(groups.map((group) => [COLUMNS[group].name, sums[COLUMNS[group].name] as string | null]));
}

function groupsOf(by: string): Group[] {
  const groups = by.split(',');
  const known = groups.filter((group): group is Group => Object.hasOwn(COLUMNS, group));
  if (known.length !== groups.length || new Set(groups).size !== groups.length)
    throw invalid('by', 'Group by customer, agent, provider or day, or by several of them with commas between.');
  return known;
}

function invalid(path: string, message: string): TalktimeError {
  return new TalktimeError('REQUEST_INVALID', message, [{ path, message }]);
}

/** What a customer's calls came to whose cost is known, in millionths of the partner's currency. */
export interface Profit {
  readonly customerId: string;
  readonly walletId: number;
  /** Of the wallet's last posting. */
  readonly sequence: bigint;
  readonly price: bigint;
  readonly cost: bigint;
}

/** The customers that paid for calls of the last days, with what these cost. */
export async function customerProfits(
  transaction: Transaction,
  partnerId: string,
  days: number,
  now: number,
  customerId: string | null = null,
): Promise<Profit[]> {
  const rows = await transaction.query<{
    customer_id: string;
    wallet_id: number;
    sequence: bigint;
    credit_value: bigint;
    price: bigint;
    cost: bigint;
  }>(
    `select c.customer_id, c.wallet_id, w.sequence, p.credit_value,
            sum(calls.price - calls.overage)::bigint as price, sum(calls.cost)::bigint as cost
     from talktime.calls
     join talktime.customers c using (partner_id, customer_id)
     join talktime.wallets w using (partner_id, wallet_id)
     join talktime.partners p using (partner_id)
     where partner_id = $1 and calls.started_at >= $2 and calls.started_at < $3 and calls.revision > 0
       and calls.linked_to is null and calls.payer = 'customer' and calls.cost is not null
       and customer_id = coalesce($4, customer_id)
     group by c.customer_id, c.wallet_id, w.sequence, p.credit_value
     having sum(calls.price - calls.overage) > 0
     order by c.customer_id`,
    [partnerId, new Date(now - days * DAY_MILLISECONDS), new Date(now), customerId],
  );
  return rows.map((row) => ({
    customerId: row.customer_id,
    walletId: row.wallet_id,
    sequence: row.sequence,
    price: creditsToMoney(micro(row.price), row.credit_value),
    cost: row.cost,
  }));
}
