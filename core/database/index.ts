export * from './database';
export * from './embedded';
export * from './migrate';
export { column, type RowType } from './rows';
