import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { audit } from '../access/audit';
import {
  parseCredits,
  parseCreditsFromZero,
  parseMillionths,
  type Operation,
  type Plan,
  type planApply,
  type planCreate,
} from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { readMoney } from '../customers';
import { lockPartner, operationOf, type Actor, type Command, type Ledger } from '../ledger';
import { toJsonNumber, type Microcredits } from '../money';

interface PlanRow {
  plan_id: string;
  name: string;
  description: string;
  credits: Microcredits | null;
  minutes: bigint | null;
  price: bigint;
  currency: string;
  active: boolean;
  popular: boolean;
  created_at: Date;
}

const COLUMNS = 'plan_id, name, description, credits, minutes, price, currency, active, popular, created_at';

/** Creates a one-off pack. Making it the popular one takes that from the plan that was. */
export async function createPlan(
  database: Database,
  partnerId: string,
  actor: Actor,
  input: z.output<typeof planCreate>,
): Promise<Plan> {
  const planId = input.id ?? `plan_${randomBytes(8).toString('hex')}`;
  const credits =
    input.credits === undefined ? null : requirePositive(parseCredits(input.credits, 'credits'), 'credits');
  const minutes =
    input.minutes === undefined ? null : requirePositive(parseMillionths(input.minutes, 'minutes'), 'minutes');
  const price = parseCreditsFromZero(input.price, 'price');
  return database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    const { currency } = await readMoney(transaction, partnerId);
    if (input.popular)
      await transaction.query('update talktime.plans set popular = false where partner_id = $1 and popular', [
        partnerId,
      ]);
    const [row] = await transaction.query<PlanRow & Record<string, unknown>>(
      `insert into talktime.plans (partner_id, plan_id, name, description, credits, minutes, price, currency, active, popular)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       on conflict do nothing
       returning ${COLUMNS}`,
      [
        partnerId,
        planId,
        input.name,
        input.description,
        credits,
        minutes,
        price,
        currency,
        input.active,
        input.popular,
      ],
    );
    if (!row) throw new TalktimeError('PLAN_EXISTS', `There is a plan "${planId}" already. Choose another id.`);
    await audit(transaction, partnerId, actor, 'plan.created', planId, { ...input });
    return toPlan(row);
  });
}

export interface PlanPage {
  /** Only the plans that this customer may see (Restrict Credit Plan Visibility). */
  readonly customerId?: string;
  /** A part of the name. */
  readonly search?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** Plans by id. For a customer: the active ones, and of those only what its visibility settings allow (money-rules 21). */
export async function listPlans(
  database: Database,
  partnerId: string,
  page: PlanPage = {},
): Promise<{ items: Plan[]; next_cursor: string | null }> {
  const limit = page.limit ?? 100;
  return database.asPartner(partnerId, async (transaction) => {
    const visible = page.customerId === undefined ? null : await visibility(transaction, partnerId, page.customerId);
    const rows = await transaction.query<PlanRow & Record<string, unknown>>(
      `select ${COLUMNS}
       from talktime.plans
       where partner_id = $1
         and ($2::boolean is not true or active)
         and ($3::text[] is null or plan_id = any($3))
         and ($4::text is null or position(lower($4) in lower(name)) > 0)
         and ($5::text is null or plan_id > $5)
       order by plan_id
       limit $6`,
      [partnerId, visible !== null, visible?.only ?? null, page.search ?? null, page.cursor ?? null, limit + 1],
    );
    const items = rows.slice(0, limit).map(toPlan);
    return { items, next_cursor: rows.length > limit ? items.at(-1)!.id : null };
  });
}

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
): Promise<{ command: Command; plan: Plan }> {
  const [row] = await transaction.query<PlanRow & Record<string, unknown>>(
    `select ${COLUMNS} from talktime.plans where partner_id = $1 and plan_id = $2`,
    [partnerId, planId],
  );
  if (!row) throw new TalktimeError('PLAN_NOT_FOUND', `There is no plan "${planId}". The list of plans shows the ids.`);
  const command: Command = {
    kind: 'plan',
    actor,
    key: body.idempotency_key,
    note: body.note ?? row.name,
    customerId: body.customer_id,
    planId,
    active: row.active,
    terms: row.credits === null ? { minutes: row.minutes! } : { credits: row.credits },
  };
  return { command, plan: toPlan(row) };
}

async function visibility(
  transaction: Transaction,
  partnerId: string,
  customerId: string,
): Promise<{ only: string[] | null }> {
  const [row] = await transaction.query<{ restricted: boolean; ids: string[] }>(
    `select restrict_credit_plan_visibility as restricted, visible_credit_plan_ids as ids
     from talktime.customers where partner_id = $1 and customer_id = $2`,
    [partnerId, customerId],
  );
  if (!row)
    throw new TalktimeError(
      'CUSTOMER_NOT_FOUND',
      `There is no customer "${customerId}". Check the id, or create the customer first.`,
    );
  return { only: row.restricted ? row.ids : null };
}

function requirePositive<T extends bigint>(value: T, field: string): T {
  if (value <= 0n)
    throw new TalktimeError('AMOUNT_NOT_POSITIVE', `"${field}" must be above zero.`, [
      { path: field, message: 'must be above zero' },
    ]);
  return value;
}

function toPlan(row: PlanRow): Plan {
  return {
    id: row.plan_id,
    name: row.name,
    description: row.description,
    credits: row.credits === null ? null : toJsonNumber(row.credits),
    minutes: row.minutes === null ? null : toJsonNumber(row.minutes),
    price: toJsonNumber(row.price),
    currency: row.currency,
    active: row.active,
    popular: row.popular,
    created_at: row.created_at.toISOString(),
  };
}
