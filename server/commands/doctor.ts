import type { Diagnosis, Finding } from '@talktime/core/contract';
import { diagnoseCustomer, diagnosePartner } from '@talktime/core/doctor';
import type { Database } from '@talktime/core/database';

const MARK: Record<Finding['state'], string> = { broken: 'BROKEN ', warning: 'warning', ok: 'ok     ' };

/**
 * `talktime doctor`: what is wrong with a customer, or with the partner itself, and what mends it.
 *
 * @returns the exit code: 1 when something is broken, else 0
 */
export async function runDoctor(
  database: Database,
  {
    partnerId,
    customerId,
    takesPayments,
    json,
  }: {
    readonly partnerId: string;
    readonly customerId?: string;
    readonly takesPayments: boolean;
    readonly json: boolean;
  },
  print: (text: string) => void,
): Promise<number> {
  const { diagnosis } =
    customerId === undefined
      ? await diagnosePartner(database, partnerId, takesPayments)
      : await diagnoseCustomer(database, partnerId, customerId);
  print(json ? JSON.stringify(diagnosis) : linesOf(diagnosis).join('\n'));
  return diagnosis.state === 'broken' ? 1 : 0;
}

function linesOf({ customer, findings, broken_customers: customers }: Diagnosis): string[] {
  return [
    customer ? `${customer.name} (${customer.id})` : 'Your own set-up',
    ...findings.map(
      ({ state, code, title, detail, next }) =>
        `${MARK[state]}  ${code}  ${title}. ${detail}${next === null ? '' : `\n         Next: ${next}`}`,
    ),
    ...(customers?.first ?? []).map(({ id, name, codes }) => `         ${id}  ${codes.join(', ')}  ${name}`),
    ...(customers && customers.count > customers.first.length
      ? [`         … and ${customers.count - customers.first.length} more.`]
      : []),
  ];
}
