export * from './card-setup';
export { getCard, removeCard, type Card } from './cards';
export * from './checkout';
export * from './connect';
export * from './context';
export { formatMoney, fromMinor, toMinor } from './currency';
export { getPaymentDetails } from './details';
export * from './due';
export * from './events';
export * from './metering';
export { writeNews } from './notices';
export { newsOf, type PaymentEvent, type PaymentNews } from './news';
export { observe, type Hint, type Seen } from './observe';
export * from './links';
export * from './recharge';
export { collectRenewals } from './renewals/collect';
export {
  findThanks,
  getPayment,
  isPartnerId,
  listPayments,
  type PaymentKind,
  type PaymentsPage,
  type PaymentState,
} from './rows';
export * from './reconcile';
export { getPaymentSettings, sellerOf, updatePaymentSettings } from './settings';
export * from './refunds';
export * from './settle';
export * from './shop';
export { retryPayments, troubledPayments, type Tried, type Troubled } from './troubled';
export { standingOf, type Standing } from './standing';
export { API_VERSION, HOST_ACCOUNT, StripeAccess, type Account, type StripeOptions } from './stripe';
