import { TalktimeError } from '../../contract/errors';
import type { Database, Transaction } from '../../database';
import type { Anchor } from './anchors';
import { creditsText } from './canonical';
import { Findings, type Finding } from './findings';
import { verifyCalls, verifyOperations, verifyReversals } from './operations';
import { verifyPayments } from './payments';
import { verifySeals } from './seals';
import { verifyWallets } from './wallets';

export interface PartnerReport {
  readonly partnerId: string;
  readonly wallets: number;
  readonly postings: number;
  /** Postings from before the hash chains, which no hash covers. */
  readonly unchained: number;
  readonly operations: number;
  readonly calls: number;
  readonly seals: number;
  /** The newest seal, as it may be anchored. */
  readonly newest: Anchor | null;
}

export interface Report {
  readonly partners: readonly PartnerReport[];
  readonly findings: readonly Finding[];
  /** Further findings that the limits of a report left out. */
  readonly omitted: number;
}

export interface VerifyOptions {
  /** One partner; all of them when left out. */
  readonly partnerId?: string;
  /** Seals kept outside the database. */
  readonly anchors?: readonly Anchor[];
}

/**
 * Recomputes everything from entry zero (README.md says what). Reads in pages and in one snapshot a partner, so that the
 * ledger may be of any size and goes on working meanwhile. It changes nothing.
 */
export async function verify(database: Database, options: VerifyOptions = {}): Promise<Report> {
  const findings = new Findings();
  const anchors = (options.anchors ?? []).filter(
    ({ partnerId }) => options.partnerId === undefined || partnerId === options.partnerId,
  );
  const partners: PartnerReport[] = [];
  const ids = await partnerIds(database, anchors, options.partnerId);
  for (const partnerId of ids) {
    const own = anchors.filter((anchor) => anchor.partnerId === partnerId);
    partners.push(
      await database.asPartner(partnerId, (transaction) => verifyPartner(transaction, partnerId, own, findings)),
    );
  }
  return { partners, findings: findings.list, omitted: findings.omitted };
}

/** Everybody in the directory, and whoever was anchored: a partner that is gone has lost its seals. */
async function partnerIds(database: Database, anchors: readonly Anchor[], only: string | undefined): Promise<string[]> {
  const rows = await database.asDirectory((transaction) =>
    transaction.query<{ partner_id: string }>('select partner_id from directory.partners order by partner_id'),
  );
  const all = [...new Set([...rows.map((row) => row.partner_id), ...anchors.map((anchor) => anchor.partnerId)])];
  if (only === undefined) return all;
  if (!all.includes(only)) throw new TalktimeError('PARTNER_NOT_FOUND', `There is no partner ${only}.`);
  return [only];
}

/**
 * A page is a walk along one index, and what belongs to its rows is looked up by key. That must not depend on statistics:
 * where there are none yet, the planner takes a partner for a few rows and reads them all for every page, and the time
 * grows with the square of the ledger.
 */
const WALK_THE_INDEXES =
  'set local plan_cache_mode = force_custom_plan; set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_sort = off';

async function verifyPartner(
  transaction: Transaction,
  partnerId: string,
  anchors: readonly Anchor[],
  findings: Findings,
): Promise<PartnerReport> {
  await transaction.query('set transaction isolation level repeatable read, read only');
  await transaction.query(WALK_THE_INDEXES);
  const { seals, newest } = await verifySeals(transaction, partnerId, anchors, findings);
  const wallets = await verifyWallets(transaction, partnerId, findings);
  const { operations, counters } = await verifyOperations(transaction, partnerId, findings);
  await verifyReversals(transaction, partnerId, findings);
  await verifyPayments(transaction, partnerId, findings);
  const calls = await verifyCalls(transaction, partnerId, findings);
  if (wallets.posted + counters !== 0n)
    findings.add({
      code: 'CONSERVATION_BROKEN',
      partnerId,
      expected: `${creditsText(-counters)} in the wallets`,
      found: creditsText(wallets.posted),
    });
  return {
    partnerId,
    wallets: wallets.wallets,
    postings: wallets.postings,
    unchained: wallets.unchained,
    operations,
    calls,
    seals,
    newest,
  };
}
