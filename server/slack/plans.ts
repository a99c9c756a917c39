import type { PlanData } from '@talktime/bot';
import type { Database } from '@talktime/core/database';
import { listPlans, planAudience } from '@talktime/core/plans';

export function planData(database: Database): PlanData {
  return {
    async plans(partnerId, customerId, limit) {
      const { items, next_cursor } = await listPlans(database, partnerId, {
        limit,
        ...(customerId === null ? {} : { customerId }),
      });
      const { customers, visibleTo } = await planAudience(
        database,
        partnerId,
        items.map(({ id }) => id),
      );
      return {
        plans: items.map((plan) => ({ plan, visibleTo: visibleTo.get(plan.id) ?? 0 })),
        customers,
        isAll: next_cursor === null,
      };
    },
  };
}
