export * from './dispatcher';
export * from './levels';
export { watchMargins } from './margin-guard';
export * from './notice';
export { alertQueue, pauseAfter } from './outbox';
export * from './runway';
export * from './standing';
export * from './transition';
export * from './webhooks';
