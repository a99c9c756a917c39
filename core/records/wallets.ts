import { z } from 'zod';
import { customerId } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database } from '../database';
import {
  operationId,
  readWallet,
  walletIdOf,
  type Answered,
  type Command,
  type Ledger,
  type WalletRef,
  type WalletState,
} from '../ledger';
import { formatDecimal, type Microcredits } from '../money';

/** Whose wallet a record is about: a customer's by its id, or with `wallet` "partner" the partner's own. */
export const walletFields = {
  wallet: z.enum(['customer', 'partner']).default('customer'),
  customer_id: customerId.nullish(),
};

interface WalletFields {
  readonly wallet: 'customer' | 'partner';
  readonly customer_id?: string | null;
}

export const namesOneWallet = (record: WalletFields) => (record.wallet === 'partner') === (record.customer_id == null);
export const NAMES_ONE_WALLET = {
  message: 'A customer\'s record has its customer_id; the partner\'s has wallet "partner" and no customer_id',
  path: ['customer_id'],
};

export const walletOf = (record: WalletFields): WalletRef =>
  record.customer_id == null ? 'partner' : { customerId: record.customer_id };

/** What a wallet is called in outcomes. */
export const nameOf = (wallet: WalletRef): string => (wallet === 'partner' ? 'partner' : wallet.customerId);

/** What it is called in keys: a customer may have the id "partner". */
export const nameInKey = (wallet: WalletRef): string =>
  wallet === 'partner' ? 'partner' : `customer ${wallet.customerId}`;

/** A wallet as it is, and which of these keys were used. */
export async function standing(
  database: Database,
  partnerId: string,
  wallet: WalletRef,
  keys: readonly string[],
): Promise<{ state: WalletState; known: ReadonlySet<string> }> {
  return database.asPartner(partnerId, async (transaction) => {
    const walletId = await walletIdOf(transaction, partnerId, wallet);
    const { wallet: state } = await readWallet(transaction, partnerId, walletId);
    const used = await transaction.query<{ key: string }>(
      'select key from talktime.operations where partner_id = $1 and operation_id = any($2::uuid[])',
      [partnerId, keys.map((key) => operationId(partnerId, 'request', key))],
    );
    return { state, known: new Set(used.map(({ key }) => key)) };
  });
}

/** Submits a command, or in a dry run says what it would be answered. @throws TalktimeError when it is refused */
export async function apply(
  ledger: Ledger,
  partnerId: string,
  command: Command,
  dryRun: boolean,
): Promise<Pick<Answered, 'replayed'>> {
  if (!dryRun) return ledger.submit(partnerId, command);
  const [outcome] = await ledger.preview(partnerId, [command]);
  if (!outcome!.ok) throw outcome!.error;
  return outcome!;
}

export function hasHistory(wallet: WalletRef, posted: Microcredits): TalktimeError {
  return new TalktimeError(
    'WALLET_IN_USE',
    `The wallet "${nameOf(wallet)}" has a history of its own, and its balance is ${formatDecimal(posted)}. An import only fills wallets that nothing was posted to; change this one by a top-up or an adjustment.`,
  );
}
