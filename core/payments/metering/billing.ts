import type { z } from 'zod';
import { audit } from '../../access/audit';
import type { customerBilling } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import type { Database, Transaction } from '../../database';
import { lockPartner, type Actor } from '../../ledger';
import { readPaymentSettings, sellerOf } from '../settings';
import type { Account } from '../stripe';
import { readMeter } from './meter';

export type CustomerBilling = z.output<typeof customerBilling>;

/**
 * Says how a customer pays: before (prepaid), or afterwards (metered). Metered, what it uses from now on is told to the meter
 * of the account that its partner sells on; what it used before is not.
 */
export async function changeBilling(
  database: Database,
  partnerId: string,
  actor: Actor,
  customerId: string,
  billing: CustomerBilling['billing'],
): Promise<CustomerBilling> {
  return database.asPartner(partnerId, async (transaction) => {
    await lockPartner(transaction, partnerId);
    const { walletId } = await walletOf(transaction, partnerId, customerId);
    const before = await readBilling(transaction, partnerId, customerId);
    if (before.billing === billing) return before;
    if (billing === 'metered') await beginStretch(transaction, partnerId, walletId, customerId);
    else
      await transaction.query(
        `update talktime.metered_stretches s
         set to_sequence = w.sequence, ended_at = clock_timestamp()
         from talktime.wallets w
         where s.partner_id = $1 and s.wallet_id = $2 and s.to_sequence is null and w.partner_id = $1 and w.wallet_id = $2`,
        [partnerId, walletId],
      );
    await audit(transaction, partnerId, actor, 'customer.billing', customerId, { billing });
    return readBilling(transaction, partnerId, customerId);
  });
}

async function beginStretch(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  customerId: string,
): Promise<void> {
  const [partner] = await transaction.query<{ funding: string }>(
    'select funding from talktime.partners where partner_id = $1',
    [partnerId],
  );
  if (partner!.funding === 'allocated')
    throw new TalktimeError(
      'FUNDING_ALLOCATED',
      'With allocated funding customers have no overdraft, so none can pay afterwards.',
    );
  const [recharged] = await transaction.query(
    'select from talktime.auto_recharges where partner_id = $1 and wallet_id = $2 and enabled',
    [partnerId, walletId],
  );
  if (recharged)
    throw new TalktimeError(
      'BILLED_TWICE',
      'Automatic top-ups are on, so the card would be charged for what is billed afterwards. Switch them off first: PUT /v1/auto-recharge.',
    );
  const account = sellerOf(await readPaymentSettings(transaction, partnerId), customerId);
  if (!(await readMeter(transaction, partnerId, account)))
    throw new TalktimeError(
      'METERING_NOT_READY',
      'There is no meter yet on the account that sales go to. Set it up first: POST /v1/metering/set-up.',
    );
  await transaction.query(
    `insert into talktime.metered_stretches (partner_id, wallet_id, stretch, account, from_sequence, sent_sequence)
     select $1, $2, coalesce((select max(stretch) from talktime.metered_stretches where partner_id = $1 and wallet_id = $2), 0) + 1,
            $3, sequence, sequence
     from talktime.wallets where partner_id = $1 and wallet_id = $2`,
    [partnerId, walletId, account],
  );
}

/** Refuses what would charge a customer before for what it pays afterwards. @throws TalktimeError BILLED_TWICE */
export async function requirePrepaid(transaction: Transaction, partnerId: string, walletId: number): Promise<void> {
  const [open] = await transaction.query(
    'select from talktime.metered_stretches where partner_id = $1 and wallet_id = $2 and to_sequence is null',
    [partnerId, walletId],
  );
  if (open)
    throw new TalktimeError(
      'BILLED_TWICE',
      'The customer pays afterwards for what it uses (metered). Let it pay before again first: PUT /v1/customers/{id}/billing.',
    );
}

export async function getBilling(database: Database, partnerId: string, customerId: string): Promise<CustomerBilling> {
  return database.asPartner(partnerId, (transaction) => readBilling(transaction, partnerId, customerId));
}

async function walletOf(
  transaction: Transaction,
  partnerId: string,
  customerId: string,
): Promise<{ readonly walletId: number }> {
  const [row] = await transaction.query<{ wallet_id: number }>(
    'select wallet_id from talktime.customers where partner_id = $1 and customer_id = $2',
    [partnerId, customerId],
  );
  if (!row)
    throw new TalktimeError(
      'CUSTOMER_NOT_FOUND',
      `There is no customer "${customerId}". Check the id, or create the customer first.`,
    );
  return { walletId: row.wallet_id };
}

async function readBilling(transaction: Transaction, partnerId: string, customerId: string): Promise<CustomerBilling> {
  const { walletId } = await walletOf(transaction, partnerId, customerId);
  const stretches = await transaction.query<{
    account: Account;
    started_at: Date;
    is_open: boolean;
    waiting: bigint;
    last_error: string | null;
  }>(
    `select s.account, s.started_at, s.to_sequence is null as is_open,
            coalesce(s.to_sequence, w.sequence) - s.sent_sequence as waiting, s.last_error
     from talktime.metered_stretches s
     join talktime.wallets w using (partner_id, wallet_id)
     where partner_id = $1 and wallet_id = $2
     order by s.stretch desc`,
    [partnerId, walletId],
  );
  const open = stretches.find(({ is_open: isOpen }) => isOpen);
  return {
    customer_id: customerId,
    billing: open ? 'metered' : 'prepaid',
    account: open?.account ?? null,
    since: open?.started_at.toISOString() ?? null,
    waiting: Number(stretches.reduce((sum, { waiting }) => sum + waiting, 0n)),
    last_error: stretches.find(({ last_error: error }) => error !== null)?.last_error ?? null,
  };
}
