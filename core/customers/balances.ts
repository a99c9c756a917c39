import { appliedLevels, EXHAUSTED, runway } from '../alerts';
import type { Balance, Threshold } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import {
  loadRates,
  PARTNER_WALLET,
  readWallet as readMatured,
  standingAt,
  statusShown,
  walletIdOf,
  type WalletRef,
  type WalletState,
} from '../ledger';
import {
  creditsToMoney,
  price,
  rateAt,
  secondsCovered,
  toJsonNumber,
  ZERO,
  type Microcredits,
  type Rate,
} from '../money';

/**
 * What a wallet holds, in credits and in money: now, or at a past moment. For a past one the status is what the balance is
 * worth by today's threshold, without the hysteresis of alerts, and nothing is held or disputed: that is not posted.
 */
export async function getBalance(database: Database, partnerId: string, who: WalletRef, at?: Date): Promise<Balance> {
  return database.asPartner(partnerId, async (transaction) => {
    const walletId = await walletIdOf(transaction, partnerId, who);
    const wallet = await readWallet(transaction, partnerId, walletId);
    const money = await readMoney(transaction, partnerId);
    if (!at) return toBalance(wallet, money);
    const { posted } = await standingAt(transaction, partnerId, walletId, at);
    return toBalance({ ...wallet, posted, held: ZERO, disputed: ZERO, status: 'ok' }, money);
  });
}

/**
 * Check Threshold: the status of whoever pays for the customer's calls, which with AI credits off is the partner and
 * not the customer's empty wallet (money-rules 5).
 */
export async function getThreshold(
  database: Database,
  partnerId: string,
  who: WalletRef,
  wanted: WantedCredits | null = null,
): Promise<Threshold> {
  return database.asPartner(partnerId, async (transaction) => {
    const customerWallet = await walletIdOf(transaction, partnerId, who);
    const payer = await payerWallet(transaction, partnerId, customerWallet);
    const wallet = await readWallet(transaction, partnerId, payer);
    const rates = await loadRates(transaction, partnerId, { walletIds: [payer] });
    const lasts = await runway(transaction, partnerId, wallet);
    const rate = rateAt(rates.get(payer) ?? [], Date.now());
    return {
      customer_id: who === 'partner' ? null : who.customerId,
      payer: payer === PARTNER_WALLET ? 'partner' : 'customer',
      status: statusShown(wallet),
      posted: toJsonNumber(wallet.posted),
      available: toJsonNumber(availableIn(wallet)),
      low_credit_threshold: wallet.lowCreditThreshold === null ? null : toJsonNumber(wallet.lowCreditThreshold),
      minutes_left: rate ? minutesLeft(wallet.posted, rate) : null,
      days_left: lasts?.days ?? null,
      runway: lasts,
      notifications_enabled: wallet.notificationsEnabled,
      levels: [...appliedLevels(wallet.levels), { ...EXHAUSTED, kind: 'credits' as const, value: 0n }].map(
        ({ status, at, kind, value }) => ({ status, at: toJsonNumber(at), kind, value: toJsonNumber(value) }),
      ),
      check: wanted && checked(wallet, creditsWanted(wanted, rate)),
    };
  });
}

/** Whole seconds that a balance pays for, in minutes to two decimals. */
export function minutesLeft(posted: Microcredits, rate: Rate): number {
  return Math.floor((secondsCovered(posted, rate) / 60) * 100) / 100;
}

/** What a balance is checked against: credits, or minutes (in millionths) of a call. */
export type WantedCredits = { readonly credits: Microcredits } | { readonly minutes: bigint };

function creditsWanted(wanted: WantedCredits, rate: Rate | undefined): Microcredits {
  if ('credits' in wanted) return wanted.credits;
  if (!rate)
    throw new TalktimeError(
      'RATE_REQUIRED',
      'Minutes cannot be checked without a price. Set the AI Credit Price Per Minute, or ask for an amount of credits.',
    );
  return price(Number((wanted.minutes * 60n) / 1000n), rate);
}

/** What is posted and neither held for calls nor for disputes. */
function availableIn({ posted, held, disputed }: WalletState): bigint {
  return posted - held - disputed;
}

/** Only credits that are there and not reserved count: neither grace nor an overdraft. */
function checked(wallet: WalletState, needed: Microcredits): NonNullable<Threshold['check']> {
  const missing = needed - availableIn(wallet);
  return { needed: toJsonNumber(needed), enough: missing <= 0n, missing: toJsonNumber(missing > 0n ? missing : 0n) };
}

async function payerWallet(transaction: Transaction, partnerId: string, walletId: number): Promise<number> {
  if (walletId === PARTNER_WALLET) return PARTNER_WALLET;
  const [row] = await transaction.query<{ ai_credits_enabled: boolean }>(
    'select ai_credits_enabled from talktime.customers where partner_id = $1 and wallet_id = $2',
    [partnerId, walletId],
  );
  return row!.ai_credits_enabled ? walletId : PARTNER_WALLET;
}

/** A wallet as it is at this moment. */
export async function readWallet(transaction: Transaction, partnerId: string, walletId: number): Promise<WalletState> {
  return (await readMatured(transaction, partnerId, walletId)).wallet;
}

export interface Money {
  readonly currency: string;
  /** Millionths of the currency for one credit. */
  readonly creditValue: bigint;
}

export async function readMoney(transaction: Transaction, partnerId: string): Promise<Money> {
  const [row] = await transaction.query<{ currency: string; credit_value: bigint }>(
    'select currency, credit_value from talktime.partners where partner_id = $1',
    [partnerId],
  );
  if (!row) throw new TalktimeError('PARTNER_NOT_FOUND', 'There is no such partner.');
  return { currency: row.currency, creditValue: row.credit_value };
}

export function toBalance(wallet: WalletState, money: Money): Balance {
  return {
    wallet: wallet.customerId === null ? 'partner' : 'customer',
    customer_id: wallet.customerId,
    posted: toJsonNumber(wallet.posted),
    held: toJsonNumber(wallet.held),
    disputed: toJsonNumber(wallet.disputed),
    available: toJsonNumber(availableIn(wallet)),
    status: statusShown(wallet),
    currency: money.currency,
    money: toJsonNumber(creditsToMoney(wallet.posted, money.creditValue)),
  };
}
