export * from './accounts';
export { alertAnnouncements, insertAnnouncements } from './announcements';
export * from './as-of';
export * from './commands';
export {
  burnsOf,
  creditsForMinutes,
  callIdOf,
  evaluateAlert,
  fold,
  grantKey,
  periodOperations,
  revisionId,
  SHORTEST_CALL_SECONDS,
  statusShown,
  subjectKey,
  type Folded,
  type Outcome,
  type Wanted,
} from './fold';
export { contentHash, deriveId, operationId } from './identity';
export * from './lane';
export * from './lots';
export { loadPaces, loadRates, loadUsage, loadWallets, lockPartner, readWallet, readWallets } from './load';
export * from './grants';
export * from './proof';
export * from './requests';
export { listReversible, type ReversibleLine } from './reversible';
export * from './state';
export * from './statement';
export { forgetUsage } from './usage';
export { keepWindows } from './windows';
export { insertAlerts, updateWallets } from './write';
