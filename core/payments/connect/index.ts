export * from './connect';
export { checkAccount } from './look';
export * from './links';
export { type ConnectionRow } from './rows';
export { dueWords } from './standing';
