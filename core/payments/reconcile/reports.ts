import { audit } from '../../access/audit';
import type { Reconciliation } from '../../contract';
import type { Database } from '../../database';
import type { Actor } from '../../ledger';

const KEPT_DAYS = 90;

/** Keeps what a comparison found, and notes in the audit log what differs still. */
export async function keepReport(
  database: Database,
  partnerId: string,
  actor: Actor,
  report: Reconciliation,
): Promise<void> {
  await database.asPartner(partnerId, async (transaction) => {
    transaction.send(
      'delete from talktime.payment_reports where partner_id = $1 and at < clock_timestamp() - make_interval(days => $2)',
      [partnerId, KEPT_DAYS],
    );
    await transaction.query(
      `insert into talktime.payment_reports (partner_id, at, differences, report) values ($1, $2, $3, $4)
       on conflict (partner_id, at) do update set differences = excluded.differences, report = excluded.report`,
      [partnerId, report.at, report.differences.length, JSON.stringify(report)],
    );
    if (report.differences.length + report.mended.length > 0)
      await audit(transaction, partnerId, actor, 'payments.reconciled', partnerId, {
        differences: report.differences.map(({ code, payment_intent, payment_id }) => [
          code,
          payment_intent ?? payment_id,
        ]),
        mended: report.mended.map(({ code, payment_intent, payment_id }) => [code, payment_intent ?? payment_id]),
      });
  });
}

/** What the newest comparison found; null when there never was one. */
export async function newestReport(database: Database, partnerId: string): Promise<Reconciliation | null> {
  const [row] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ report: Reconciliation }>(
      'select report from talktime.payment_reports where partner_id = $1 order by at desc limit 1',
      [partnerId],
    ),
  );
  return row?.report ?? null;
}
