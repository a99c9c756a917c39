import { readMoney, type Money } from '../../customers';
import type { Transaction } from '../../database';
import { readWallet } from '../../ledger';
import type { Microcredits } from '../../money';
import { readCard, type Card } from '../cards';
import type { Payer } from '../payer';
import { findPayer } from '../payer';
import { accountFor, readPaymentSettings, type SettingsRow } from '../settings';
import type { Account } from '../stripe';
import type { RechargeFacts, RechargeHistory } from './decide';
import { readHistory, termsOf, type RechargeRow } from './rows';

/** What an automatic top-up depends on, apart from its own settings. */
export interface Surroundings extends Money {
  readonly settings: SettingsRow;
  readonly payer: Payer;
  /** null: payments for this wallet cannot be taken at present. */
  readonly account: Account | null;
  readonly card: Card | null;
  readonly history: RechargeHistory;
  readonly posted: Microcredits;
  readonly disputed: boolean;
  /** Milliseconds. */
  readonly now: number;
}

export async function readSurroundings(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
): Promise<Surroundings> {
  const [{ wallet, now }, settings, money, payer] = await Promise.all([
    readWallet(transaction, partnerId, walletId),
    readPaymentSettings(transaction, partnerId),
    readMoney(transaction, partnerId),
    findPayer(transaction, partnerId, walletId),
  ]);
  const account = accountFor(settings, payer.customerId);
  const [history, card] = await Promise.all([
    readHistory(transaction, partnerId, walletId, now),
    account === null ? null : readCard(transaction, partnerId, account, walletId),
  ]);
  return {
    settings,
    payer,
    account,
    card,
    history,
    posted: wallet.posted,
    disputed: wallet.openDisputes > 0,
    now,
    ...money,
  };
}

export function factsFor(row: RechargeRow, around: Surroundings): RechargeFacts {
  const { account, card, settings, posted, disputed, currency, creditValue, history, now } = around;
  return {
    terms: termsOf(row),
    posted,
    card: account === null ? 'not_ready' : card === null ? 'none' : 'saved',
    currency,
    creditValue,
    mostAtOnce: settings.most_top_up,
    history,
    disputed,
    now,
  };
}
