import { expectedDays, forecast, severity, type Runway, type Status } from '../alerts';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { loadPaces, loadRates, loadUsage, PARTNER_WALLET, readWallets, statusShown } from '../ledger';
import { rateAt, type Microcredits } from '../money';
import { minutesLeft } from './balances';

/** A customer as a console lists it: everything is of whoever pays for its calls, as Check Threshold says it (money-rules 5). */
export interface CustomerStanding {
  readonly customerId: string;
  /** As typed: escape it before it is shown. */
  readonly name: string;
  readonly payer: 'customer' | 'partner';
  readonly status: Status;
  readonly posted: Microcredits;
  /** null without a rate. */
  readonly minutesLeft: number | null;
  readonly runway: Runway | null;
}

export interface RunwayPage {
  /** Leaves out those whose status is ok. */
  readonly lowOnly: boolean;
  /** 1 to 200. */
  readonly limit: number;
  readonly cursor?: string;
  /** So many are passed over first, for pages by number. */
  readonly skip?: number;
}

export interface CustomersByRunway {
  readonly items: CustomerStanding[];
  readonly next_cursor: string | null;
  /** How many there are in all, of those that were asked for. */
  readonly total: number;
  /** Customers beyond the limit, which were not looked at. */
  readonly omitted: number;
}

/** So many customers of a partner are sorted, in the order of their ids. */
const MOST_CUSTOMERS = 20_000;

/**
 * Customers by how soon their credits run out. First those that have run out while they were used, then by the days that
 * are expected; those without a forecast after them, the worse status and the smaller balance first. It costs seven queries,
 * however many customers there are; the ranges, which cost the most, are those of the page alone.
 */
export async function listByRunway(
  database: Database,
  partnerId: string,
  page: RunwayPage,
): Promise<CustomersByRunway> {
  return database.asPartner(partnerId, async (transaction) => {
    const { standings, omitted } = await readStandings(transaction, partnerId);
    const ranked = standings
      .filter(({ status }) => !page.lowOnly || status !== 'ok')
      .map((standing) => ({ standing, rank: rankOf(standing) }))
      .sort((a, b) => compare(a.rank, b.rank));
    const after = page.cursor === undefined ? null : readCursor(page.cursor);
    const rest = (after ? ranked.filter(({ rank }) => compare(rank, after) > 0) : ranked).slice(page.skip ?? 0);
    const shown = rest.slice(0, page.limit);
    const last = shown.at(-1);
    return {
      items: await withRanges(
        transaction,
        partnerId,
        shown.map(({ standing }) => standing),
      ),
      next_cursor: rest.length > shown.length && last ? writeCursor(last.rank) : null,
      total: ranked.length,
      omitted,
    };
  });
}

/** Before it is known who is shown. */
interface Ranked extends Omit<CustomerStanding, 'runway'> {
  /** null without a forecast. */
  readonly days: number | null;
  /** A wallet that was never filled has not run out. */
  readonly everPosted: boolean;
  readonly walletId: number;
}

async function readStandings(
  transaction: Transaction,
  partnerId: string,
): Promise<{ standings: Ranked[]; omitted: number }> {
  const customers = await transaction.query<{
    customer_id: string;
    name: string;
    wallet_id: number;
    ai_credits_enabled: boolean;
  }>(
    `select customer_id, name, wallet_id, ai_credits_enabled
     from talktime.customers
     where partner_id = $1
     order by customer_id
     limit $2`,
    [partnerId, MOST_CUSTOMERS],
  );
  const [count] =
    customers.length < MOST_CUSTOMERS
      ? [{ count: customers.length }]
      : await transaction.query<{ count: number }>(
          'select count(*)::int as count from talktime.customers where partner_id = $1',
          [partnerId],
        );
  const payerOf = (row: (typeof customers)[number]) => (row.ai_credits_enabled ? row.wallet_id : PARTNER_WALLET);
  const walletIds = [...new Set(customers.map(payerOf))];
  const [wallets, rates, paces] = await Promise.all([
    readWallets(transaction, partnerId, { walletIds }),
    loadRates(transaction, partnerId, { walletIds }),
    loadPaces(transaction, partnerId, walletIds),
  ]);
  const now = Date.now();
  const standings = customers.map((row): Ranked => {
    const { wallet } = wallets.get(payerOf(row))!;
    const rate = rateAt(rates.get(wallet.walletId) ?? [], now);
    return {
      customerId: row.customer_id,
      name: row.name,
      payer: row.ai_credits_enabled ? 'customer' : 'partner',
      status: statusShown(wallet),
      posted: wallet.posted,
      minutesLeft: rate ? minutesLeft(wallet.posted, rate) : null,
      days: expectedDays(wallet.posted, paces.get(wallet.walletId) ?? null),
      everPosted: wallet.sequence > 0n,
      walletId: wallet.walletId,
    };
  });
  return { standings, omitted: count!.count - customers.length };
}

/** Compared part by part. Balances are below 2^53, so that a number holds them. */
type Rank = readonly [group: number, soonness: number, posted: number, customerId: string];

function rankOf({ customerId, status, posted, days, everPosted }: Ranked): Rank {
  if (days !== null) return [1, days, Number(posted), customerId];
  if (posted <= 0n && everPosted) return [0, 0, Number(posted), customerId];
  return [2, -severity(status), Number(posted), customerId];
}

function compare(a: Rank, b: Rank): number {
  const part = a.findIndex((each, index) => each !== b[index]);
  if (part < 0) return 0;
  return a[part]! < b[part]! ? -1 : 1;
}

async function withRanges(
  transaction: Transaction,
  partnerId: string,
  shown: readonly Ranked[],
): Promise<CustomerStanding[]> {
  const usage = await loadUsage(transaction, partnerId, [...new Set(shown.map(({ walletId }) => walletId))]);
  return shown.map(({ days: _, everPosted: __, walletId, ...standing }) => ({
    ...standing,
    runway: forecast(standing.posted, usage.get(walletId) ?? []),
  }));
}

function writeCursor(rank: Rank): string {
  return Buffer.from(JSON.stringify(rank)).toString('base64url');
}

function readCursor(cursor: string): Rank {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (
      Array.isArray(parts) &&
      parts.length === 4 &&
      parts.slice(0, 3).every((part) => typeof part === 'number') &&
      typeof parts[3] === 'string'
    )
      return parts as unknown as Rank;
  } catch {
    // told below, like every other cursor that is not ours
  }
  throw new TalktimeError('REQUEST_INVALID', 'The cursor is not one that a page before gave. Start again without it.', [
    { path: 'cursor', message: 'unknown' },
  ]);
}
