export * from './change';
export * from './end';
export * from './renew';
export * from './start';
export {
  currentSubscription,
  getSubscription,
  listSubscriptions,
  lockSubscription,
  subscriptionsDue,
  subscriptionToWire,
  type SubscriptionState,
} from './subscription';
export { subscriptionTermsOf, type SubscriptionTerms } from './terms';
