import { audit } from '../access/audit';
import type { PaymentSettings, paymentSettingsPatch } from '../contract';
import { parseCredits, parseMillionths } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { z } from 'zod';
import type { Database, Transaction } from '../database';
import { lockPartner, type Actor } from '../ledger';
import { toJsonNumber } from '../money';
import { HOST_ACCOUNT, type Account } from './stripe';

export interface SettingsRow {
  readonly sells_on: 'own' | 'host';
  readonly stripe_account: string | null;
  readonly charges_enabled: boolean;
  /** Millionths of the amount. */
  readonly application_fee: number;
  readonly automatic_tax: boolean;
  /** Millionths of the currency. */
  readonly least_top_up: bigint;
  readonly most_top_up: bigint;
  /** Since then nothing is sold on the account. */
  readonly disconnected_at: Date | null;
}

const COLUMNS =
  'sells_on, stripe_account, charges_enabled, application_fee, automatic_tax, least_top_up, most_top_up, disconnected_at';

/** How a partner sells: its settings, or the usual ones. */
export async function readPaymentSettings(transaction: Transaction, partnerId: string): Promise<SettingsRow> {
  await transaction.query('insert into talktime.payment_settings (partner_id) values ($1) on conflict do nothing', [
    partnerId,
  ]);
  const [row] = await transaction.query<SettingsRow & Record<string, unknown>>(
    `select ${COLUMNS} from talktime.payment_settings where partner_id = $1`,
    [partnerId],
  );
  return row!;
}

export async function getPaymentSettings(database: Database, partnerId: string): Promise<PaymentSettings> {
  return database.asPartner(partnerId, async (transaction) =>
    toSettings(await readPaymentSettings(transaction, partnerId)),
  );
}

/** Changes how a partner sells. What is left out stays as it is. Where its customers' money goes is the host's to say. */
export async function updatePaymentSettings(
  database: Database,
  partnerId: string,
  actor: Actor,
  patch: z.output<typeof paymentSettingsPatch>,
): Promise<PaymentSettings> {
  if ((patch.sells_on !== undefined || patch.application_fee !== undefined) && !actor.host)
    throw new TalktimeError(
      'HOST_KEY_REQUIRED',
      'Whose account sales go to, and what the host takes of them, is for the host to say. Use a host key.',
    );
  return database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    const before = await readPaymentSettings(transaction, partnerId);
    const after: SettingsRow = {
      ...before,
      sells_on: patch.sells_on ?? before.sells_on,
      application_fee:
        patch.application_fee === undefined
          ? before.application_fee
          : Number(parseMillionths(patch.application_fee, 'application_fee')),
      automatic_tax: patch.automatic_tax ?? before.automatic_tax,
      least_top_up:
        patch.least_top_up === undefined ? before.least_top_up : parseCredits(patch.least_top_up, 'least_top_up'),
      most_top_up:
        patch.most_top_up === undefined ? before.most_top_up : parseCredits(patch.most_top_up, 'most_top_up'),
    };
    requireSense(after);
    await transaction.query(
      `update talktime.payment_settings
       set sells_on = $2, application_fee = $3, automatic_tax = $4, least_top_up = $5, most_top_up = $6
       where partner_id = $1`,
      [partnerId, after.sells_on, after.application_fee, after.automatic_tax, after.least_top_up, after.most_top_up],
    );
    await audit(transaction, partnerId, actor, 'payment_settings.changed', partnerId, patch);
    return toSettings(after);
  });
}

/** On whose account a wallet's payments are made: a partner buys from the host, a customer from its partner. */
export function sellerOf(settings: SettingsRow, customerId: string | null): Account {
  if (customerId === null || settings.sells_on === 'host') return HOST_ACCOUNT;
  if (settings.stripe_account === null || settings.disconnected_at !== null)
    throw new TalktimeError(
      'PAYMENTS_NOT_READY',
      'No Stripe account is connected to sell on. Connect one (POST /v1/stripe/connect), or ask the host to let you sell on theirs.',
    );
  if (!settings.charges_enabled)
    throw new TalktimeError(
      'PAYMENTS_NOT_READY',
      'Stripe does not let the connected account take payments yet. Finish what Stripe asks for (POST /v1/stripe/connect gives the link).',
    );
  return settings.stripe_account;
}

/** The same, or null while payments cannot be taken. */
export function accountFor(settings: SettingsRow, customerId: string | null): Account | null {
  try {
    return sellerOf(settings, customerId);
  } catch (error) {
    if (error instanceof TalktimeError && error.code === 'PAYMENTS_NOT_READY') return null;
    throw error;
  }
}

function requireSense(settings: SettingsRow): void {
  const wrong = (path: string, message: string) =>
    new TalktimeError('REQUEST_INVALID', `"${path}" ${message}.`, [{ path, message }]);
  if (settings.application_fee < 0 || settings.application_fee > 500_000)
    throw wrong('application_fee', 'must be between 0 and 0.5');
  if (settings.least_top_up <= 0n) throw wrong('least_top_up', 'must be above zero');
  if (settings.most_top_up < settings.least_top_up) throw wrong('most_top_up', 'must not be below least_top_up');
}

function toSettings(row: SettingsRow): PaymentSettings {
  return {
    sells_on: row.sells_on,
    stripe_account: row.stripe_account,
    charges_enabled: row.charges_enabled && row.disconnected_at === null,
    application_fee: row.application_fee / 1_000_000,
    automatic_tax: row.automatic_tax,
    least_top_up: toJsonNumber(row.least_top_up),
    most_top_up: toJsonNumber(row.most_top_up),
  };
}
