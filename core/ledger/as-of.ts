import { TalktimeError } from '../contract/errors';
import type { Transaction } from '../database';
import { ZERO, type Microcredits } from '../money';
import { readWallet } from './load';

/** Where a wallet stood at a moment: its last posting until then; sequence 0 before the first. */
export interface Standing {
  readonly sequence: bigint;
  readonly posted: Microcredits;
}

/**
 * Where a wallet stood at a past moment. Its postings' moments never decrease along its sequence, so the last one until
 * then is found by halving: some twenty looks into the indexes of the sequence for a million postings, and no index of
 * moments to keep.
 */
export async function standingAt(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  at: Date,
): Promise<Standing> {
  const [row] = await transaction.query<{ past: boolean; sequence: bigint | null; posted: Microcredits | null }>(
    STANDING_AT,
    [partnerId, walletId, at],
  );
  if (!row)
    throw new Error(`Wallet ${walletId} has a gap in its sequence. Run: talktime verify --partner ${partnerId}`);
  if (!row.past)
    throw new TalktimeError(
      'MOMENT_IN_FUTURE',
      `${at.toISOString()} has not passed yet. Leave "at" out for how things stand now.`,
    );
  // What started or expired after its last posting, and nobody has booked yet (money-rules 17).
  const due = (await readWallet(transaction, partnerId, walletId)).events.filter(
    ({ event }) => event.at <= at.getTime(),
  );
  const last = due.at(-1);
  return { sequence: row.sequence! + BigInt(due.length), posted: last ? last.balance : (row.posted ?? ZERO) };
}

/** low is a posting until the moment (or 0), and everything above high is after it. */
export const STANDING_AT = `
  with recursive search (low, high) as (
    select 0::bigint, sequence
    from talktime.wallets
    where partner_id = $1 and wallet_id = $2
    union all
    select case when posting.at <= $3 then middle else low end, case when posting.at <= $3 then high else middle - 1 end
    from (select low, high, (low + high + 1) / 2 as middle from search where low < high) half
    cross join lateral (
      select at from talktime.transfers where partner_id = $1 and debit_account = $2 and debit_sequence = middle
      union all
      select at from talktime.transfers where partner_id = $1 and credit_account = $2 and credit_sequence = middle
    ) posting
  )
  select $3::timestamptz <= talktime.clock() as past, low as sequence, coalesce(
    (select debit_balance from talktime.transfers where partner_id = $1 and debit_account = $2 and debit_sequence = low),
    (select credit_balance from talktime.transfers where partner_id = $1 and credit_account = $2 and credit_sequence = low)) as posted
  from search
  where low = high`;
