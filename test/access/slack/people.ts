import { createCustomer, createPartner } from '@talktime/core/customers';
import { customerCreate, partnerCreate } from '@talktime/core/contract';
import type { TestDatabase } from '../../setup/database';
import { HOST, PARTNER } from '../../setup/world';

export const OLGA = { teamId: 'T0BRIGHT', userId: 'U0OLGA' };
export const MIA = { teamId: 'T0BRIGHT', userId: 'U0MIA' };
export const ACMES = { teamId: 'T0ACMECO', userId: 'U0ANNA' };

/** A partner with the customers acme and zen. */
export async function partnerWithCustomers({ database }: TestDatabase, name = 'Bright Agency'): Promise<string> {
  const { id } = await createPartner(database, HOST, partnerCreate.parse({ name }));
  for (const customer of ['acme', 'zen'])
    await createCustomer(database, id, PARTNER, customerCreate.parse({ id: customer, name: customer }));
  return id;
}

/** What the audit log holds of a partner about Slack, in order: who, what, to whom. */
export async function slackAudit(test: TestDatabase, partnerId: string): Promise<string[]> {
  const rows = await test.superuser<{ line: string }>(
    `select actor || ' ' || action || ' ' || subject || ' ' || change::text as line from talktime.audit_log
     where partner_id = $1 and action like 'slack%' order by at, audit_id`,
    [partnerId],
  );
  return rows.map(({ line }) => line);
}
