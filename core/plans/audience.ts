import type { Database } from '../database';

export interface PlanAudience {
  /** How many customers there are. */
  readonly customers: number;
  /** How many may see each plan, while it is active: those without a restriction, and those whose list has it. */
  readonly visibleTo: ReadonlyMap<string, number>;
}

/** Who may see plans, by Restrict Credit Plan Visibility. */
export async function planAudience(
  database: Database,
  partnerId: string,
  planIds: readonly string[],
): Promise<PlanAudience> {
  const [counts, listed] = await database.asPartner(partnerId, (transaction) =>
    Promise.all([
      transaction.query<{ customers: number; unrestricted: number }>(
        `select count(*)::int as customers, (count(*) filter (where not restrict_credit_plan_visibility))::int as unrestricted
         from talktime.customers where partner_id = $1`,
        [partnerId],
      ),
      transaction.query<{ plan_id: string; customers: number }>(
        `select plan_id, count(distinct customer_id)::int as customers
         from talktime.customers cross join unnest(visible_credit_plan_ids) as plan_id
         where partner_id = $1 and restrict_credit_plan_visibility and plan_id = any($2)
         group by plan_id`,
        [partnerId, planIds],
      ),
    ]),
  );
  const { customers, unrestricted } = counts[0]!;
  const byPlan = new Map(listed.map((row) => [row.plan_id, row.customers]));
  return { customers, visibleTo: new Map(planIds.map((id) => [id, unrestricted + (byPlan.get(id) ?? 0)])) };
}
