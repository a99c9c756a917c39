export * from './balances';
export * from './customers';
export * from './history';
export type { Numbered, RecordOutcome } from './outcome';
export * from './reports';
