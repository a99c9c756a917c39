import { reportMetering, type MeteringReport, type PaymentContext } from '@talktime/core/payments';

type Row = MeteringReport['rows'][number];

const FINDING: Record<Row['finding'], string> = {
  agrees: 'agrees   ',
  waits: 'waits    ',
  stripe_has_less: 'DIFFERENT',
  stripe_has_more: 'DIFFERENT',
};

/**
 * `talktime reconcile metering`: what metered customers used, beside what Stripe's meters have.
 *
 * @returns the exit code: 1 when something differs, else 0
 */
export async function runReconcileMetering(
  context: Pick<PaymentContext, 'database' | 'stripe'>,
  { partnerId, json, ...query }: { partnerId: string; from?: string; to?: string; json: boolean },
  print: (text: string) => void,
): Promise<number> {
  const report = await reportMetering(context, partnerId, query);
  if (json) print(JSON.stringify(report));
  else for (const line of linesOf(report)) print(line);
  return report.differences > 0 ? 1 : 0;
}

function linesOf({ from, to, rows, differences }: MeteringReport): string[] {
  if (rows.length === 0) return [`Nothing was metered from ${from} to ${to}.`];
  return [
    ...rows.map(
      ({ finding, day, customer_id: customer, ...row }) =>
        `${FINDING[finding]}  ${day}  ${customer}  used ${row.used}, not told yet ${row.waiting}, at Stripe ${row.at_stripe}${
          row.difference === '0' ? '' : `: ${row.difference}`
        }`,
    ),
    differences === 0
      ? "Stripe's meters have what they were told."
      : `${differences} of ${rows.length} differ. Stripe counts with some delay: run it again in an hour before looking further.`,
  ];
}
