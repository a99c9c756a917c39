import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { audit } from '../access/audit';
import type { LevelJson } from '../alerts/levels';
import {
  parseCreditsFromZero,
  type Customer,
  type customerCreate,
  type customerUpdate,
  type settingsPatch,
} from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { loadRates, lockPartner, readWallets, PARTNER_WALLET, type Actor, type WalletState } from '../ledger';
import { toJsonNumber, type Microcredits, type Rate } from '../money';
import { reevaluateAlerts } from './alerts';
import { readMoney, toBalance, type Money } from './balances';
import { parseLevels, toLevels } from './levels';
import { insertMapping } from './mappings';
import { addRateVersion, toRateVersion } from './rates';

type SettingsPatch = z.output<typeof settingsPatch>;

interface CustomerRow {
  customer_id: string;
  wallet_id: number;
  name: string;
  ai_credits_enabled: boolean;
  grace_seconds: number;
  overdraft: Microcredits;
  shortfall_policy: 'debt' | 'partner';
  low_credit_threshold: Microcredits | null;
  low_credit_notifications_enabled: boolean;
  show_pricing_information: boolean;
  customer_portal_enabled: boolean;
  restrict_credit_plan_visibility: boolean;
  visible_credit_plan_ids: string[];
  max_call_seconds: number;
  max_concurrent_calls: number | null;
  gate_failure: 'closed' | 'open';
  end_calls_when_exhausted: boolean;
  max_spend_per_day: Microcredits | null;
  max_spend_per_month: Microcredits | null;
  /** null: the partner's. */
  alert_levels: LevelJson[] | null;
  alert_emails: string[];
  created_at: Date;
}

const COLUMNS = `customer_id, wallet_id, name, ai_credits_enabled, grace_seconds, overdraft, shortfall_policy, low_credit_threshold,
  low_credit_notifications_enabled, show_pricing_information, customer_portal_enabled, restrict_credit_plan_visibility,
  visible_credit_plan_ids, max_call_seconds, max_concurrent_calls, max_spend_per_day, max_spend_per_month, gate_failure, end_calls_when_exhausted,
  alert_levels, alert_emails, created_at`;

/** Creates a customer with its wallet, settings and mappings, all or nothing. What the settings leave out is off (money-rules 5). */
export async function createCustomer(
  database: Database,
  partnerId: string,
  actor: Actor,
  input: z.output<typeof customerCreate>,
): Promise<Customer> {
  return database.asPartner(partnerId, async (transaction) =>
    insertCustomer(transaction, partnerId, actor, input, await lockCustomers(transaction, partnerId)),
  );
}

/** Changes a customer's name and settings. What is left out stays as it is. */
export async function updateCustomer(
  database: Database,
  partnerId: string,
  actor: Actor,
  customerId: string,
  patch: z.output<typeof customerUpdate>,
): Promise<Customer> {
  return database.asPartner(partnerId, async (transaction) =>
    changeCustomer(transaction, partnerId, actor, customerId, patch, await lockCustomers(transaction, partnerId)),
  );
}

/** Takes the partner's lock, which changes of customers are made under. @returns the moment, in milliseconds */
export async function lockCustomers(transaction: Transaction, partnerId: string): Promise<number> {
  const locked = await lockPartner(transaction, partnerId);
  if (!locked) throw new TalktimeError('PARTNER_NOT_FOUND', 'There is no such partner.');
  return locked.now;
}

/** `createCustomer`, under the partner's lock. */
export async function insertCustomer(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  input: z.output<typeof customerCreate>,
  now: number,
): Promise<Customer> {
  const customerId = input.id ?? `cus_${randomBytes(8).toString('hex')}`;
  const taken = await transaction.query('select 1 from talktime.customers where partner_id = $1 and customer_id = $2', [
    partnerId,
    customerId,
  ]);
  if (taken.length > 0)
    throw new TalktimeError(
      'CUSTOMER_EXISTS',
      `There is a customer "${customerId}" already. Update it, or choose another id.`,
    );
  const [next] = await transaction.query<{ wallet_id: number }>(
    'update talktime.partners set last_wallet_id = last_wallet_id + 1 where partner_id = $1 returning last_wallet_id as wallet_id',
    [partnerId],
  );
  const walletId = next!.wallet_id;
  await transaction.query('insert into talktime.wallets (partner_id, wallet_id) values ($1, $2)', [
    partnerId,
    walletId,
  ]);
  await transaction.query(
    'insert into talktime.customers (partner_id, customer_id, wallet_id, name) values ($1, $2, $3, $4)',
    [partnerId, customerId, walletId, input.name],
  );
  if (input.settings) await changeSettings(transaction, partnerId, customerId, input.settings, now);
  for (const mapping of input.mappings ?? [])
    await insertMapping(transaction, partnerId, { ...mapping, customer_id: customerId });
  await audit(transaction, partnerId, actor, 'customer.created', customerId, {
    settings: input.settings ?? {},
    mappings: input.mappings?.length ?? 0,
  });
  return readCustomer(transaction, partnerId, customerId);
}

/** `updateCustomer`, under the partner's lock. */
export async function changeCustomer(
  transaction: Transaction,
  partnerId: string,
  actor: Actor,
  customerId: string,
  patch: z.output<typeof customerUpdate>,
  now: number,
): Promise<Customer> {
  const row = await readRow(transaction, partnerId, customerId);
  if (patch.name !== undefined) {
    await transaction.query('update talktime.customers set name = $3 where partner_id = $1 and customer_id = $2', [
      partnerId,
      customerId,
      patch.name,
    ]);
  }
  if (patch.settings) {
    await changeSettings(transaction, partnerId, customerId, patch.settings, now);
    await reevaluateAlerts(transaction, partnerId, [row.wallet_id], now);
  }
  await audit(transaction, partnerId, actor, 'customer.updated', customerId, {
    settings: patch.settings ?? {},
    renamed: patch.name !== undefined,
  });
  return readCustomer(transaction, partnerId, customerId);
}

export async function getCustomer(database: Database, partnerId: string, customerId: string): Promise<Customer> {
  return database.asPartner(partnerId, (transaction) => readCustomer(transaction, partnerId, customerId));
}

/** The customer whose wallet it is; null for the partner's own, and for none. */
export async function customerOfWallet(
  database: Database,
  partnerId: string,
  walletId: number,
): Promise<{ id: string; name: string } | null> {
  const [row] = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ customer_id: string; name: string }>(
      'select customer_id, name from talktime.customers where partner_id = $1 and wallet_id = $2',
      [partnerId, walletId],
    ),
  );
  return row ? { id: row.customer_id, name: row.name } : null;
}

export interface CustomerPage {
  /** A part of the name or the beginning of the id. */
  readonly search?: string;
  /** 1 to 200. */
  readonly limit: number;
  readonly cursor?: string;
}

/** Customers by name. */
export async function listCustomers(
  database: Database,
  partnerId: string,
  page: CustomerPage,
): Promise<{ items: Customer[]; next_cursor: string | null }> {
  return database.asPartner(partnerId, async (transaction) => {
    const [afterName, afterId] = page.cursor === undefined ? [null, null] : readCursor(page.cursor);
    const rows = await transaction.query<CustomerRow>(
      `select ${COLUMNS}
       from talktime.customers
       where partner_id = $1
         and ($2::text is null or position(lower($2) in lower(name)) > 0 or starts_with(lower(customer_id), lower($2)))
         and ($3::text is null or (lower(name), customer_id) > ($3, $4))
       order by lower(name), customer_id
       limit $5`,
      [partnerId, page.search ?? null, afterName, afterId, page.limit + 1],
    );
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    return {
      items: await complete(transaction, partnerId, shown),
      next_cursor: rows.length > page.limit && last ? writeCursor(last.name.toLowerCase(), last.customer_id) : null,
    };
  });
}

/** Applies a patch of the Manage panel. The partner's lock must be held. */
async function changeSettings(
  transaction: Transaction,
  partnerId: string,
  customerId: string,
  patch: SettingsPatch,
  now: number,
): Promise<void> {
  const before = await readRow(transaction, partnerId, customerId);
  const rates =
    (await loadRates(transaction, partnerId, { walletIds: [before.wallet_id] })).get(before.wallet_id) ?? [];
  const change = { price: patch.price_per_minute, rounding: patch.rounding };
  if (change.price !== undefined || change.rounding !== undefined) {
    const { creditValue } = await readMoney(transaction, partnerId);
    await addRateVersion(transaction, partnerId, before.wallet_id, rates, change, creditValue, now);
  }
  if (patch.shortfall_policy === 'partner') await requirePartnerRate(transaction, partnerId);
  const overdraft =
    patch.overdraft === undefined ? before.overdraft : parseCreditsFromZero(patch.overdraft, 'settings.overdraft');
  const limit = (field: 'low_credit_threshold' | 'max_spend_per_day' | 'max_spend_per_month') => {
    const value = patch[field];
    if (value === undefined) return before[field];
    return value === null ? null : parseCreditsFromZero(value, `settings.${field}`);
  };
  const levels =
    patch.alert_levels == null ? patch.alert_levels : parseLevels(patch.alert_levels, 'settings.alert_levels');
  const after = { ...before, ...patch, alert_levels: levels === undefined ? before.alert_levels : levels };
  if ((patch.overdraft !== undefined && overdraft > 0n) || (patch.grace_seconds ?? 0) > 0)
    await requireOwnMeans(transaction, partnerId);
  await transaction.query(
    `update talktime.customers
     set ai_credits_enabled = $3, grace_seconds = $4, overdraft = $5, shortfall_policy = $6, low_credit_threshold = $7,
         low_credit_notifications_enabled = $8, show_pricing_information = $9, customer_portal_enabled = $10,
         restrict_credit_plan_visibility = $11, visible_credit_plan_ids = $12, max_call_seconds = $13, max_concurrent_calls = $14,
         max_spend_per_day = $15, max_spend_per_month = $16, gate_failure = $17,
         end_calls_when_exhausted = $18, alert_levels = $19, alert_emails = $20
     where partner_id = $1 and customer_id = $2`,
    [
      partnerId,
      customerId,
      after.ai_credits_enabled,
      after.grace_seconds,
      overdraft,
      after.shortfall_policy,
      limit('low_credit_threshold'),
      after.low_credit_notifications_enabled,
      after.show_pricing_information,
      after.customer_portal_enabled,
      after.restrict_credit_plan_visibility,
      after.visible_credit_plan_ids,
      after.max_call_seconds,
      after.max_concurrent_calls,
      limit('max_spend_per_day'),
      limit('max_spend_per_month'),
      after.gate_failure,
      after.end_calls_when_exhausted,
      after.alert_levels && JSON.stringify(after.alert_levels),
      after.alert_emails,
    ],
  );
}

/** The policy `partner` divides by the partner's rate, so there must be one. */
async function requirePartnerRate(transaction: Transaction, partnerId: string): Promise<void> {
  const rates = await loadRates(transaction, partnerId, { walletIds: [PARTNER_WALLET] });
  if (rates.size > 0) return;
  throw new TalktimeError(
    'RATE_REQUIRED',
    'With the policy "partner" the partner carries what a call costs beyond the balance, at the partner\'s own rate, and the partner has none. Set the partner\'s price per minute first.',
  );
}

async function readRow(transaction: Transaction, partnerId: string, customerId: string): Promise<CustomerRow> {
  const [row] = await transaction.query<CustomerRow & Record<string, unknown>>(
    `select ${COLUMNS} from talktime.customers where partner_id = $1 and customer_id = $2`,
    [partnerId, customerId],
  );
  if (!row)
    throw new TalktimeError(
      'CUSTOMER_NOT_FOUND',
      `There is no customer "${customerId}". Check the id, or create the customer first.`,
    );
  return row;
}

/** Credits out of the partner's wallet end at zero: an overdraft or a grace would be the host's to give (money-rules 4). */
async function requireOwnMeans(transaction: Transaction, partnerId: string): Promise<void> {
  const [row] = await transaction.query<{ funding: string }>(
    'select funding from talktime.partners where partner_id = $1',
    [partnerId],
  );
  if (row?.funding === 'allocated')
    throw new TalktimeError(
      'FUNDING_ALLOCATED',
      'With allocated funding customers have no overdraft and no grace. Top up instead.',
    );
}

export async function readCustomer(transaction: Transaction, partnerId: string, customerId: string): Promise<Customer> {
  const row = await readRow(transaction, partnerId, customerId);
  const [customer] = await complete(transaction, partnerId, [row]);
  return customer!;
}

async function complete(
  transaction: Transaction,
  partnerId: string,
  rows: readonly CustomerRow[],
): Promise<Customer[]> {
  const walletIds = rows.map((row) => row.wallet_id);
  const wallets = await readWallets(transaction, partnerId, { walletIds });
  const rates = await loadRates(transaction, partnerId, { walletIds });
  const money = await readMoney(transaction, partnerId);
  return rows.map((row) =>
    toCustomer(row, wallets.get(row.wallet_id)!.wallet, rates.get(row.wallet_id)?.at(-1), money),
  );
}

function toCustomer(row: CustomerRow, wallet: WalletState, rate: Rate | undefined, money: Money): Customer {
  return {
    id: row.customer_id,
    name: row.name,
    settings: {
      ai_credits_enabled: row.ai_credits_enabled,
      grace_seconds: row.grace_seconds,
      overdraft: toJsonNumber(row.overdraft),
      shortfall_policy: row.shortfall_policy,
      low_credit_threshold: row.low_credit_threshold === null ? null : toJsonNumber(row.low_credit_threshold),
      low_credit_notifications_enabled: row.low_credit_notifications_enabled,
      show_pricing_information: row.show_pricing_information,
      customer_portal_enabled: row.customer_portal_enabled,
      restrict_credit_plan_visibility: row.restrict_credit_plan_visibility,
      visible_credit_plan_ids: row.visible_credit_plan_ids,
      max_call_seconds: row.max_call_seconds,
      max_concurrent_calls: row.max_concurrent_calls,
      gate_failure: row.gate_failure,
      end_calls_when_exhausted: row.end_calls_when_exhausted,
      max_spend_per_day: row.max_spend_per_day === null ? null : toJsonNumber(row.max_spend_per_day),
      max_spend_per_month: row.max_spend_per_month === null ? null : toJsonNumber(row.max_spend_per_month),
      alert_levels: row.alert_levels && toLevels(row.alert_levels),
      alert_emails: row.alert_emails,
      rate: rate ? toRateVersion(rate) : null,
    },
    balance: toBalance(wallet, money),
    created_at: row.created_at.toISOString(),
  };
}

function writeCursor(...parts: string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function readCursor(cursor: string): [string, string] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === 'string'))
      return parts as [string, string];
  } catch {
    // told below, like every other cursor that is not ours
  }
  throw new TalktimeError('REQUEST_INVALID', 'The cursor is not one that a page before gave. Start again without it.', [
    { path: 'cursor', message: 'unknown' },
  ]);
}
