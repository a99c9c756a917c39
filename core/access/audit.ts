import { randomUUID } from 'node:crypto';
import type { Transaction } from '../database';
import type { Actor } from '../ledger/commands';

/** Records who changed what. In the transaction of the change itself; secrets and personal data stay out of `change`. */
export async function audit(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  action: string,
  subject: string,
  change: object,
): Promise<void> {
  await transaction.query(
    'insert into talktime.audit_log (partner_id, audit_id, actor, action, subject, change) values ($1, $2, $3, $4, $5, $6)',
    [partnerId, randomUUID(), actor.id, action, subject, JSON.stringify(change)],
  );
}
