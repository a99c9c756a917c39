export * from './dispatcher';
export * from './levels';
export * from './notice';
export { pauseAfter } from './outbox';
export * from './runway';
export * from './transition';
