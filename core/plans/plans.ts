import type { Plan } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { PLAN_COLUMNS, toPlan, type PlanRow } from './rows';
import { planVisibility } from './visibility';

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
    const visible =
      page.customerId === undefined ? null : await planVisibility(transaction, partnerId, page.customerId);
    const rows = await transaction.query<PlanRow & Record<string, unknown>>(
      `select ${PLAN_COLUMNS}
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

/** One plan. For a customer only one that it may see: the others are not there for it. */
export async function getPlan(
  database: Database,
  partnerId: string,
  planId: string,
  customerId: string | null = null,
): Promise<Plan> {
  return database.asPartner(partnerId, async (transaction) => {
    const row = await readPlan(transaction, partnerId, planId);
    if (customerId === null) return toPlan(row);
    const { only } = await planVisibility(transaction, partnerId, customerId);
    if (!row.active || (only !== null && !only.includes(planId))) throw planNotFound(planId);
    return toPlan(row);
  });
}

export async function readPlan(transaction: Transaction, partnerId: string, planId: string): Promise<PlanRow> {
  const [row] = await transaction.query<PlanRow & Record<string, unknown>>(
    `select ${PLAN_COLUMNS} from talktime.plans where partner_id = $1 and plan_id = $2`,
    [partnerId, planId],
  );
  if (!row) throw planNotFound(planId);
  return row;
}

export function planNotFound(planId: string): TalktimeError {
  return new TalktimeError('PLAN_NOT_FOUND', `There is no plan "${planId}". The list of plans shows the ids.`);
}
