import { randomUUID } from 'node:crypto';
import { authorizeCall, releaseCall } from '@talktime/core/calls';
import { getBalance } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';
import { getStatement, type Ledger } from '@talktime/core/ledger';
import { Client } from 'pg';
import { measure, type Measured } from './measure';
import { HOST, type Wallet } from './sites';

const CHUNK = 100_000;

/** What people wait for, of a wallet with so many postings: each p50 of one caller. */
export interface Reads {
  readonly balance: Measured;
  readonly authorize: Measured;
  readonly firstPage: Measured;
  readonly lastPage: Measured;
}

/**
 * Lengthens a wallet's history up to so many postings, and leaves the rest of the wallet as it is. In bulk, by the
 * superuser, past the ledger: this history proves nothing, it is only long.
 */
export async function lengthen(url: string, { partnerId, customerId }: Wallet, postings: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('set session_replication_role = replica'); // no foreign keys are looked up
    const wallet = await client.query<{ wallet_id: number; sequence: string }>(
      'select wallet_id, sequence::text from talktime.wallets join talktime.customers using (partner_id, wallet_id) where partner_id = $1 and customer_id = $2',
      [partnerId, customerId],
    );
    const { wallet_id, sequence } = wallet.rows[0]!;
    for (let last = Number(sequence); last < postings; last += CHUNK) {
      const until = Math.min(last + CHUNK, postings);
      await client.query('begin');
      await client.query(
        `create temporary table more on commit drop as
         select n, gen_random_uuid() as operation_id from generate_series($1::bigint, $2::bigint) n`,
        [last + 1, until],
      );
      await client.query(
        `insert into talktime.operations (partner_id, operation_id, kind, key, content_hash, hash_version, actor, at, result)
         select $1, operation_id, 'deduction', 'history ' || n, sha256(int8send(n)), 1, 'bench', now(), jsonb_build_object('customer_id', $2::text)
         from more`,
        [partnerId, customerId],
      );
      await client.query(
        `insert into talktime.transfers (partner_id, operation_id, line, debit_account, credit_account, amount, debit_sequence, debit_balance, debit_hash, at, floor, burned)
         select $1, operation_id, 0, $2::int, -1, 1, n, 1000000000, sha256(int8send(n)), now(), 0, '1:1' from more`,
        [partnerId, wallet_id],
      );
      await client.query(
        'update talktime.wallets set sequence = $3, last_posted_at = now() where partner_id = $1 and wallet_id = $2',
        [partnerId, wallet_id, until],
      );
      await client.query('commit');
    }
    await client.query('vacuum analyze talktime.operations, talktime.transfers, talktime.wallets');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

export async function measureReads(
  database: Database,
  ledger: Ledger,
  wallet: Wallet,
  seconds: number,
): Promise<Reads> {
  const { partnerId, customerId } = wallet;
  const who = { customerId };
  const talktime = { database, ledger, sealer: undefined as never }; // authorising opens no secret
  const authorizing: number[] = [];
  const authorize = async () => {
    const call = { provider: 'retell', call_id: randomUUID(), minimum_seconds: 30 };
    const begin = performance.now();
    await authorizeCall(talktime, partnerId, HOST, { ...call, customer_id: customerId });
    authorizing.push(performance.now() - begin);
    await releaseCall(talktime, partnerId, HOST, call);
  };
  const balance = await measure(1, seconds, () => getBalance(database, partnerId, who));
  const both = await measure(1, seconds, authorize);
  const firstPage = await measure(1, seconds, () => getStatement(database, partnerId, who, { limit: 50 }));
  const lastPage = await measure(1, seconds, () => getStatement(database, partnerId, who, { limit: 50, cursor: '60' }));
  authorizing.sort((a, b) => a - b);
  const p50 = authorizing[Math.floor(authorizing.length / 2)]!;
  const p99 = authorizing[Math.floor(authorizing.length * 0.99)]!;
  return { balance, authorize: { ...both, p50, p99 }, firstPage, lastPage };
}
