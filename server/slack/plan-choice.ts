import type { PlanChoiceData } from '@talktime/bot';
import type { Plan } from '@talktime/core/contract';
import type { Database } from '@talktime/core/database';
import { listPlans } from '@talktime/core/plans';

/** As many as a menu in Slack takes. */
const MOST_SHOWN = 100;
const PAGE = 200;

export function planChoiceData(database: Database): PlanChoiceData {
  return {
    async activePlans(partnerId) {
      const active: Plan[] = [];
      let cursor: string | undefined;
      do {
        const page = await listPlans(database, partnerId, { limit: PAGE, cursor });
        active.push(...page.items.filter((plan) => plan.active));
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      active.sort((a, b) => Number(b.popular) - Number(a.popular) || a.name.localeCompare(b.name));
      return active.slice(0, MOST_SHOWN);
    },
  };
}
