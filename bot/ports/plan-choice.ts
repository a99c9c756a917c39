import type { Plan } from '@talktime/core/contract';

export interface PlanChoiceData {
  /** The active plans: the popular one first, then by name; at most 100. */
  activePlans(partnerId: string): Promise<Plan[]>;
}
