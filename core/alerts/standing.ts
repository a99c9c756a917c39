import type { Transaction } from '../database';
import { loadRates, readWallet } from '../ledger/load';
import { creditsToMoney, rateAt, secondsCovered, type Microcredits } from '../money';
import { customerProfits } from '../records/reports';
import type { Runway } from './forecast';
import { appliedLevels, statusOf, type AppliedLevel, type Status } from './levels';
import { readGuard } from './margin-guard';
import type { MarginFigures } from './notice';
import { runway } from './runway';

/** How a wallet stands, as an alert tells it. */
export interface Standing {
  readonly wallet: 'customer' | 'partner';
  readonly customerId: string | null;
  /** The customer's or the partner's name, as typed: escape it before it is shown. */
  readonly name: string;
  readonly status: Status;
  readonly posted: Microcredits;
  readonly lowCreditThreshold: Microcredits | null;
  /** What it is low and critical at, highest first: those that apply now. It is exhausted at 0. */
  readonly levels: readonly AppliedLevel[];
  /** Minutes that the balance pays for at the rate in force; null without a rate. */
  readonly minutesLeft: number | null;
  /** How long it lasts at its pace; null when there is too little history, or nothing left. */
  readonly runway: Runway | null;
  readonly currency: string;
  /** What the balance is worth, in millionths of the currency. */
  readonly money: bigint;
}

export async function readStanding(transaction: Transaction, partnerId: string, walletId: number): Promise<Standing> {
  const { wallet } = await readWallet(transaction, partnerId, walletId);
  const rates = await loadRates(transaction, partnerId, { walletIds: [walletId] });
  const rate = rateAt(rates.get(walletId) ?? [], Date.now());
  const [owner] = await transaction.query<{ name: string; currency: string; credit_value: bigint }>(
    `select coalesce(c.name, p.name) as name, p.currency, p.credit_value
     from talktime.partners p
     left join talktime.customers c on c.partner_id = p.partner_id and c.wallet_id = $2
     where p.partner_id = $1`,
    [partnerId, walletId],
  );
  const { name, currency, credit_value: creditValue } = owner!;
  return {
    wallet: wallet.customerId === null ? 'partner' : 'customer',
    customerId: wallet.customerId,
    name,
    status: statusOf(wallet.posted, wallet.levels, wallet.status),
    posted: wallet.posted,
    lowCreditThreshold: wallet.lowCreditThreshold,
    levels: appliedLevels(wallet.levels),
    minutesLeft: rate ? Math.floor((secondsCovered(wallet.posted, rate) / 60) * 100) / 100 : null,
    runway: await runway(transaction, partnerId, wallet),
    currency,
    money: creditsToMoney(wallet.posted, creditValue),
  };
}

/** The figures of now: what they were when the alert arose is of no use to who reads it. */
export async function readMargin(
  transaction: Transaction,
  partnerId: string,
  customerId: string | null,
): Promise<MarginFigures> {
  const { level, days } = (await readGuard(transaction, partnerId)) ?? { level: 0, days: 7 };
  const [profit] = await customerProfits(transaction, partnerId, days, Date.now(), customerId);
  return { level, days, price: profit?.price ?? 0n, cost: profit?.cost ?? 0n };
}
