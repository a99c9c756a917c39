import type { Database } from '../../database';

/**
 * Seals what a partner's wallets have moved since the last seal: their sequence and head, and that seal's digest. Answers
 * the number of the new seal, or null when nothing had moved.
 *
 * One statement, so that it sees all wallets at one moment; it takes no lock on the partner, because nobody decides by it.
 * Of two at once, the second finds the number taken and does nothing.
 */
export async function sealPartner(database: Database, partnerId: string): Promise<bigint | null> {
  const [row] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ seal: bigint }>(SEAL, [partnerId]),
  );
  return row?.seal ?? null;
}

const SEAL = `
  with moved as (
    select w.wallet_id, w.sequence, w.head
    from talktime.wallets w
    where w.partner_id = $1 and w.head is not null and w.sequence > coalesce((
      select h.sequence
      from talktime.seal_heads h
      where h.partner_id = w.partner_id and h.wallet_id = w.wallet_id
      order by h.sequence desc
      limit 1), 0)
  ),
  next as (
    select coalesce(last.seal, 0) + 1 as seal, coalesce(last.digest, decode(repeat('00', 32), 'hex')) as previous, clock.at
    from (select date_trunc('milliseconds', clock_timestamp()) as at) clock
    left join lateral (select seal, digest from talktime.seals where partner_id = $1 order by seal desc limit 1) last on true
    where exists (select from moved)
  ),
  sealed as (
    insert into talktime.seals (partner_id, seal, at, previous, digest)
    select $1, next.seal, next.at, next.previous,
           sha256(convert_to(
             concat_ws(E'\\n', 'talktime.seal.v1', $1::text, next.seal, trim_scale(extract(epoch from next.at) * 1000000), encode(next.previous, 'hex'), '')
             || (select string_agg(concat_ws(' ', wallet_id, sequence, encode(head, 'hex')) || E'\\n', '' order by wallet_id) from moved), 'UTF8'))
    from next
    on conflict do nothing
    returning seal
  ),
  covered as (
    insert into talktime.seal_heads (partner_id, wallet_id, sequence, head, seal)
    select $1, moved.wallet_id, moved.sequence, moved.head, sealed.seal
    from moved cross join sealed
  )
  select seal from sealed`;
