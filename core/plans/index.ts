export * from './apply';
export * from './audience';
export * from './edit';
export { getPlan, listPlans, type PlanPage } from './plans';
export type { RecurringTerms } from './rows';
export * from './sale';
export * from './subscriptions';
