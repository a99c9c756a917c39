import type { z } from 'zod';
import type { Operation, Plan, planApply } from '../contract';
import type { Database, Transaction } from '../database';
import { operationOf, type Actor, type Ledger, type PlanApplication } from '../ledger';
import { toJsonNumber } from '../money';
import { readPlan } from './plans';
import { recurringOf, recurringToWire, toPlan } from './rows';

/**
 * Applies a plan to a customer: its credits are in the wallet when this answers. The terms are those of this moment and
 * stay with the operation; a replay answers the first result, whatever has become of the plan.
 */
export async function applyPlan(
  context: { database: Database; ledger: Ledger },
  partnerId: string,
  actor: Actor,
  planId: string,
  body: z.output<typeof planApply>,
): Promise<Operation> {
  const { command } = await context.database.asPartner(partnerId, (transaction) =>
    planCommand(transaction, partnerId, actor, planId, body),
  );
  return operationOf(await context.ledger.submit(partnerId, command));
}

/** The application of a plan, with its terms of this moment; and the plan. */
export async function planCommand(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  planId: string,
  body: z.output<typeof planApply>,
): Promise<{ command: PlanApplication; plan: Plan }> {
  const row = await readPlan(transaction, partnerId, planId);
  const plan = toPlan(row);
  const recurring = recurringOf(row);
  const command: PlanApplication = {
    kind: 'plan',
    actor,
    key: body.idempotency_key,
    note: body.note ?? row.name,
    customerId: body.customer_id,
    planId,
    active: row.active,
    terms: row.credits === null ? { minutes: row.minutes! } : { credits: row.credits },
    bonus: row.bonus,
    expiresAfterDays: row.expires_after_days ?? undefined,
    recurrence: recurring ?? undefined,
    sold: {
      id: planId,
      name: row.name,
      minutes: plan.minutes,
      bonus: toJsonNumber(row.bonus),
      price: plan.price,
      currency: row.currency,
      expires_after_days: row.expires_after_days,
      recurring: recurringToWire(recurring),
    },
  };
  return { command, plan };
}
