export type { Actor } from '../ledger/commands';
export * from './audit';
export * from './keys';
export * from './seal';
export * from './slack';
