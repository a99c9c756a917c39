import type { z } from 'zod';
import type { Plan, planApply, PlanApplied } from '../contract';
import type { Database, Transaction } from '../database';
import { applyWithin, operationId, type Actor, type Answered, type Ledger, type PlanApplication } from '../ledger';
import { toJsonNumber } from '../money';
import { readPlan } from './plans';
import { recurringOf, recurringToWire, toPlan } from './rows';
import { requireNoOther, startSubscription } from './subscriptions/start';
import { subscriptionTermsOf, type SubscriptionTerms } from './subscriptions/terms';

/** A plan as it is to be applied, with its terms of this moment. */
export interface Application {
  readonly command: PlanApplication;
  readonly plan: Plan;
  /** Of a recurring plan: what the subscription begins with. */
  readonly subscribes: SubscriptionTerms | null;
}

/**
 * Applies a plan to a customer: its credits are in the wallet when this answers. A recurring one starts a subscription.
 * The terms are those of this moment and stay with the operation; a replay answers the first result, whatever has become
 * of the plan.
 */
export async function applyPlan(
  { database, ledger }: { database: Database; ledger: Ledger },
  partnerId: string,
  actor: Actor,
  planId: string,
  body: z.output<typeof planApply>,
): Promise<PlanApplied> {
  const application = await database.asPartner(partnerId, (transaction) =>
    planCommand(transaction, partnerId, actor, planId, body),
  );
  return appliedOf(
    application.subscribes
      ? await database.asPartner(partnerId, (transaction) => applyPlanWithin(transaction, partnerId, application))
      : await ledger.submit(partnerId, application.command),
  );
}

/** Applies a plan within a transaction of the caller's. @throws TalktimeError when it was refused; roll it back then. */
export async function applyPlanWithin(
  transaction: Transaction,
  partnerId: string,
  { command, subscribes }: Application,
): Promise<Answered> {
  const answered = await applyWithin(transaction, partnerId, command);
  const { subscription, operation_id } = appliedOf(answered);
  if (!answered.replayed && subscribes && subscription)
    await startSubscription(transaction, partnerId, command.actor, {
      customerId: command.customerId,
      terms: subscribes,
      collects: 'nothing',
      operationId: operation_id,
      startsAt: Date.parse(subscription.starts_at),
    });
  return answered;
}

/** What is new in it is optional, because old results are without it. */
function appliedOf({ result, replayed }: Answered): PlanApplied {
  if (!('operation_id' in result)) throw new Error('Expected an operation');
  return { ...result, replayed };
}

/** Refuses early what starting the subscription would refuse: for previews. */
export async function requireApplicable(
  transaction: Transaction,
  partnerId: string,
  { command, subscribes }: Application,
): Promise<void> {
  if (subscribes)
    await requireNoOther(transaction, partnerId, command.customerId, operationId(partnerId, 'request', command.key));
}

/** The application of a plan, with its terms of this moment; and the plan. */
export async function planCommand(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  planId: string,
  body: z.output<typeof planApply>,
): Promise<Application> {
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
  return { command, plan, subscribes: subscriptionTermsOf(row) };
}
