import type { z } from 'zod';
import type { meteringQuery, meteringReport } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import { formatDecimal } from '../../money';
import type { PaymentContext } from '../context';
import type { Account } from '../stripe';
import type { Stretch } from './lines';
import { readMeter, usageAtStripe } from './meter';
import { useBy, type Use } from './use';

export type MeteringReport = z.output<typeof meteringReport>;
type Row = MeteringReport['rows'][number];

const A_DAY = 24 * 60 * 60;
const USUAL_DAYS = 7;
const MOST_DAYS = 100;

/**
 * What the ledger says that metered customers used, by day (UTC), beside what Stripe's meters have. Stripe counts what it is
 * told with some delay: a difference of the last minutes may be none.
 */
export async function reportMetering(
  { database, stripe }: Pick<PaymentContext, 'database' | 'stripe'>,
  partnerId: string,
  query: z.output<typeof meteringQuery>,
  now: number = Date.now(),
): Promise<MeteringReport> {
  const time = timeOf(query, now);
  const rows: Row[] = [];
  for (const metered of await meteredAccounts(database, partnerId)) {
    const [told, meter] = await database.asPartner(partnerId, async (transaction) => {
      const uses: Map<number, Use>[] = [];
      for (const stretch of metered.stretches)
        uses.push(await useBy(transaction, partnerId, stretch, { ...time, step: A_DAY }));
      return [uses, await readMeter(transaction, partnerId, metered.account)] as const;
    });
    const atStripe =
      metered.stripeCustomer === null
        ? new Map<number, bigint>()
        : await usageAtStripe(stripe, meter!, metered.stripeCustomer, { ...time, byDay: true });
    const days = new Set([...told.flatMap((use) => [...use.keys()]), ...atStripe.keys()]);
    for (const day of [...days].sort((a, b) => a - b)) {
      const sum = (what: keyof Use) => told.reduce((total, use) => total + (use.get(day)?.[what] ?? 0n), 0n);
      const of = { used: sum('used'), waiting: sum('waiting'), atStripe: atStripe.get(day) ?? 0n };
      if (of.used !== 0n || of.waiting !== 0n || of.atStripe !== 0n) rows.push(rowFor(metered, day, of));
    }
  }
  return {
    from: dayOf(time.from),
    to: dayOf(time.to - A_DAY),
    rows,
    differences: rows.filter(({ finding }) => finding.startsWith('stripe_')).length,
  };
}

function rowFor(
  { customerId, account }: MeteredAccount,
  day: number,
  { used, waiting, atStripe }: Use & { readonly atStripe: bigint },
): Row {
  const difference = atStripe - (used - waiting);
  return {
    customer_id: customerId,
    day: dayOf(day),
    account,
    used: formatDecimal(used),
    waiting: formatDecimal(waiting),
    at_stripe: formatDecimal(atStripe),
    difference: formatDecimal(difference),
    finding:
      difference < 0n ? 'stripe_has_less' : difference > 0n ? 'stripe_has_more' : waiting !== 0n ? 'waits' : 'agrees',
  };
}

interface MeteredAccount {
  readonly customerId: string;
  readonly account: Account;
  /** null: Stripe was told nothing yet. */
  readonly stripeCustomer: string | null;
  readonly stretches: Stretch[];
}

/** Each customer that is or was metered, on each account: its stretches there are one customer's at Stripe. */
async function meteredAccounts(database: PaymentContext['database'], partnerId: string): Promise<MeteredAccount[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{
      wallet_id: number;
      stretch: number;
      account: Account;
      from_sequence: bigint;
      to_sequence: bigint | null;
      sent_sequence: bigint;
      customer_id: string;
      stripe_customer: string | null;
    }>(
      `select s.wallet_id, s.stretch, s.account, s.from_sequence, s.to_sequence, s.sent_sequence, c.customer_id, p.stripe_customer
       from talktime.metered_stretches s
       join talktime.customers c using (partner_id, wallet_id)
       left join talktime.stripe_customers p using (partner_id, account, wallet_id)
       where partner_id = $1
       order by c.customer_id, s.account, s.stretch`,
      [partnerId],
    ),
  );
  const accounts = new Map<string, MeteredAccount>();
  for (const row of rows) {
    const key = `${row.wallet_id} ${row.account}`;
    const known = accounts.get(key) ?? {
      customerId: row.customer_id,
      account: row.account,
      stripeCustomer: row.stripe_customer,
      stretches: [],
    };
    accounts.set(key, known);
    known.stretches.push({
      walletId: row.wallet_id,
      stretch: row.stretch,
      account: row.account,
      from: row.from_sequence,
      to: row.to_sequence,
      sent: row.sent_sequence,
    });
  }
  return [...accounts.values()];
}

/** Whole days, in seconds: Stripe groups by days of UTC. */
function timeOf({ from, to }: z.output<typeof meteringQuery>, now: number): { from: number; to: number } {
  const startOf = (day: string) => Date.parse(`${day}T00:00:00Z`) / 1000;
  const last = to === undefined ? Math.floor(now / 1000 / A_DAY) * A_DAY : startOf(to);
  const first = from === undefined ? last - (USUAL_DAYS - 1) * A_DAY : startOf(from);
  const wrong = (message: string) =>
    new TalktimeError('REQUEST_INVALID', `"from" ${message}.`, [{ path: 'from', message }]);
  if (first > last) throw wrong('must not be after "to"');
  if (last - first >= MOST_DAYS * A_DAY) throw wrong(`may be ${MOST_DAYS} days before "to" at most`);
  return { from: first, to: last + A_DAY };
}

const dayOf = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
