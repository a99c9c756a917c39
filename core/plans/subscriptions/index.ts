export * from './change';
export * from './end';
export * from './renew';
export { requireNoOther, startSubscription, type SubscriptionStart } from './start';
export {
  currentSubscription,
  getSubscription,
  listSubscriptions,
  lockSubscription,
  subscriptionsDue,
  subscriptionToWire,
  type SubscriptionState,
} from './subscription';
export { subscriptionTermsOf, termsFromJson, termsToJson, type SubscriptionTerms, type TermsJson } from './terms';
