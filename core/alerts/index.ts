export * from './dispatcher';
export * from './levels';
export { watchMargins } from './margin-guard';
export * from './notice';
export { pauseAfter } from './outbox';
export * from './runway';
export * from './transition';
