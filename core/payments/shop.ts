import { readMoney } from '../customers';
import type { Database } from '../database';
import { readWallet } from '../ledger';
import type { Microcredits } from '../money';
import { listPlans } from '../plans';
import type { Plan } from '../contract';
import { readPaymentSettings } from './settings';

/** What a customer may buy, as its own people may see it (money-rules 21). */
export interface Shop {
  readonly partnerName: string;
  readonly customerName: string;
  readonly currency: string;
  /** null: pricing information is not shown. */
  readonly balance: Microcredits | null;
  /** That cost something. */
  readonly plans: readonly Plan[];
  /** How much money may be paid without a plan, in millionths; null when the price of a credit is not shown. */
  readonly freeAmount: { readonly least: bigint; readonly most: bigint } | null;
}

/** Whether a customer's people may see what credits cost; a partner's own people see all of their own. */
export async function showsPricing(database: Database, partnerId: string, customerId: string | null): Promise<boolean> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      'select from talktime.customers where partner_id = $1 and customer_id = $2 and not show_pricing_information',
      [partnerId, customerId],
    ),
  );
  return rows.length === 0;
}

const MOST_PLANS = 50;

/** Reads what a customer may buy. What a plan costs is shown to whoever buys it; the balance and what a credit is worth only with Show Pricing Information. */
export async function readShop(database: Database, partnerId: string, customerId: string): Promise<Shop> {
  const { items } = await listPlans(database, partnerId, { customerId, limit: MOST_PLANS });
  return database.asPartner(partnerId, async (transaction) => {
    const [[row], { currency }, settings] = await Promise.all([
      transaction.query<{ partner_name: string; name: string; wallet_id: number; shows: boolean }>(
        `select p.name as partner_name, c.name, c.wallet_id, c.show_pricing_information as shows
         from talktime.customers c
         join talktime.partners p on p.partner_id = c.partner_id
         where c.partner_id = $1 and c.customer_id = $2`,
        [partnerId, customerId],
      ),
      readMoney(transaction, partnerId),
      readPaymentSettings(transaction, partnerId),
    ]);
    const { partner_name: partnerName, name, wallet_id: walletId, shows } = row!;
    const { wallet } = await readWallet(transaction, partnerId, walletId);
    return {
      partnerName,
      customerName: name,
      currency,
      balance: shows ? wallet.posted : null,
      plans: items.filter((plan) => plan.price > 0),
      freeAmount: shows ? { least: settings.least_top_up, most: settings.most_top_up } : null,
    };
  });
}
