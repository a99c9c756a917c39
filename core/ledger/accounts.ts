/**
 * Accounts of a transfer. A wallet is its own number (0 is the partner's, the others are customers'); the counter
 * side is one of these, whose balances are derived from the transfers and never stored: a row that every deduction
 * updates would be a second hot account.
 */
export const ACCOUNTS = {
  /** What calls and amounts were sold for. */
  revenue: -1,
  /** Credits that were paid for. */
  payments: -2,
  /** Credits that were given away. */
  bonus: -3,
  /** Adjustments by hand, both ways. */
  adjustment: -4,
  /** Credits that expired. */
  expiry: -5,
  /** What calls cost the partner. */
  cost: -6,
  /** What the partner carried of its customers' calls. */
  overage: -7,
} as const;

/** The partner's own wallet, in every partner. */
export const PARTNER_WALLET = 0;

/** A wallet's number, or one of ACCOUNTS. */
export type Account = number;

export function isWallet(account: Account): boolean {
  return account >= 0;
}
