import type { Plan } from '@talktime/core/contract';

export interface PlanShown {
  readonly plan: Plan;
  /** How many customers may see it, by their setting Restrict Credit Plan Visibility. */
  readonly visibleTo: number;
}

export interface PlansShown {
  readonly plans: readonly PlanShown[];
  /** How many customers there are. */
  readonly customers: number;
  /** Whether there are no more than these. */
  readonly isAll: boolean;
}

export interface PlanData {
  /** The plans by id: all, or the active ones that a customer may see. At most `limit`. */
  plans(partnerId: string, customerId: string | null, limit: number): Promise<PlansShown>;
}
