import { createHash } from 'node:crypto';
import type { Transaction } from '../../database';
import type { Anchor } from './anchors';
import { NO_HASH } from './canonical';
import type { Findings } from './findings';
import { Pages } from './pages';

interface Seal {
  seal: bigint;
  moment: string;
  at: Date;
  previous: string;
  digest: string;
}

interface Head {
  seal: bigint;
  wallet_id: number;
  sequence: bigint;
  head: string;
}

export interface SealFigures {
  readonly seals: number;
  /** The newest seal, as it may be anchored. */
  readonly newest: Anchor | null;
}

/**
 * Recomputes every seal's digest from what it covers and compares it with the next seal, and with what was anchored outside the
 * database. Whether the wallets' chains are the sealed ones is seen on the walk through the wallets.
 */
export async function verifySeals(
  transaction: Transaction,
  partnerId: string,
  anchors: readonly Anchor[],
  findings: Findings,
): Promise<SealFigures> {
  const seals = new Pages<Seal>(transaction, SEALS, partnerId, (row) => [row.seal], [0]);
  const heads = new Pages<Head>(transaction, HEADS, partnerId, (row) => [row.seal, row.wallet_id], [0, -1]);
  const missing = (seal: bigint, found: string) =>
    findings.add({ code: 'SEAL_MISSING', partnerId, seal, expected: `seal ${seal}`, found });
  const anchored = new Map<bigint, Anchor[]>();
  for (const anchor of anchors) anchored.set(anchor.seal, [...(anchored.get(anchor.seal) ?? []), anchor]);

  let newest: Anchor | null = null;
  let before = { seal: 0n, digest: NO_HASH };
  let count = 0;
  for await (const { seal, moment, at, previous, digest } of seals) {
    count++;
    if (seal !== before.seal + 1n) missing(before.seal + 1n, `seal ${seal}`);
    else if (previous !== before.digest)
      findings.add({ code: 'SEAL_LINK_BROKEN', partnerId, seal, expected: before.digest, found: previous });

    for (let head = await heads.peek(); head && head.seal < seal; head = await heads.peek()) {
      missing(head.seal, `what it covers of wallet ${head.wallet_id}`);
      await heads.take();
    }
    const hash = createHash('sha256').update(`talktime.seal.v1\n${partnerId}\n${seal}\n${moment}\n${previous}\n`);
    for (let head = await heads.peek(); head && head.seal === seal; head = await heads.peek()) {
      hash.update(`${head.wallet_id} ${head.sequence} ${head.head}\n`);
      await heads.take();
    }
    const recomputed = hash.digest('hex');
    if (recomputed !== digest)
      findings.add({ code: 'SEAL_WRONG', partnerId, seal, expected: recomputed, found: digest });

    for (const anchor of anchored.get(seal) ?? [])
      if (anchor.digest !== digest)
        findings.add({ code: 'ANCHORED_SEAL_DIFFERS', partnerId, seal, expected: anchor.digest, found: digest });
    anchored.delete(seal);
    before = { seal, digest };
    newest = { partnerId, seal, at: at.toISOString(), digest };
  }
  for await (const head of heads) missing(head.seal, `what it covers of wallet ${head.wallet_id}`);
  for (const [seal, [anchor]] of anchored)
    findings.add({ code: 'ANCHORED_SEAL_MISSING', partnerId, seal, expected: anchor!.digest, found: 'none' });
  return { seals: count, newest };
}

const SEALS = `
  select seal, trim_scale(extract(epoch from at) * 1000000)::text as moment, at,
         encode(previous, 'hex') as previous, encode(digest, 'hex') as digest
  from talktime.seals
  where partner_id = $1 and seal > $2
  order by seal
  limit $3`;

const HEADS = `
  select seal, wallet_id, sequence, encode(head, 'hex') as head
  from talktime.seal_heads
  where partner_id = $1 and (seal, wallet_id) > ($2, $3)
  order by seal, wallet_id
  limit $4`;
