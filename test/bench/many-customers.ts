import { listByRunway } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';
import { keepWindows } from '@talktime/core/ledger';
import { Client } from 'pg';
import { measure, type Measured } from './measure';

const CUSTOMERS = 10_000;
/** The first number of their wallets: far above those that the ledger has given. */
const FIRST = 1_000_000;

/**
 * The first page of a partner's customers by how long their credits last, of 10,000 that used credits in 8 hours of each of 28
 * days, with a level in days for all of them; one caller. The customers are made in bulk, by the superuser, past the ledger.
 */
export async function measureCustomerList(
  database: Database,
  url: string,
  partnerId: string,
  seconds: number,
): Promise<Measured> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(
      `insert into talktime.wallets (partner_id, wallet_id, posted)
       select $1, n, 1000000 * (1 + n * 7919 % 9000) from generate_series($2::bigint, $2 + $3::int - 1) n`,
      [partnerId, FIRST, CUSTOMERS],
    );
    await client.query(
      `insert into talktime.rates (partner_id, wallet_id, version, credits_per_minute, initial_seconds, increment_seconds, effective_from)
       select partner_id, wallet_id, 1, 12000000, 1, 1, now() from talktime.wallets where partner_id = $1 and wallet_id >= $2`,
      [partnerId, FIRST],
    );
    await client.query(
      `insert into talktime.customers (partner_id, customer_id, wallet_id, name, ai_credits_enabled)
       select partner_id, 'many-' || wallet_id, wallet_id, 'The customer ' || wallet_id, true
       from talktime.wallets where partner_id = $1 and wallet_id >= $2`,
      [partnerId, FIRST],
    );
    await client.query(
      `insert into talktime.wallet_usage (partner_id, wallet_id, hour, used)
       select partner_id, wallet_id, date_trunc('hour', now(), 'UTC') - make_interval(hours => 24 * day + hour),
              1000000::bigint * (1 + (wallet_id * 31 + day * 17 + hour * 7) % 40)
       from talktime.wallets, generate_series(0, 28) day, generate_series(1, 8) hour
       where partner_id = $1 and wallet_id >= $2`,
      [partnerId, FIRST],
    );
    await client.query(
      `update talktime.partners
       set customer_alert_levels = '[{"status":"low","kind":"days","value":7000000}]'
       where partner_id = $1`,
      [partnerId],
    );
    await client.query('commit');
    await client.query('vacuum analyze talktime.customers, talktime.wallets, talktime.rates, talktime.wallet_usage');
  } finally {
    await client.end();
  }
  await keepWindows(database, partnerId, new AbortController().signal);
  return measure(1, seconds, () => listByRunway(database, partnerId, { lowOnly: false, limit: 20 }));
}
