export * from './daily';
export { reconcile, reconcileHost, reconcileOne, type ReconcileOptions } from './reconcile';
export * from './reports';
export * from './story';
export { StripeBook } from './stripe-book';
