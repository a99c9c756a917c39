import type { Database, Transaction } from '../../database';
import { ACCOUNTS, operationId } from '../../ledger';
import type { Microcredits } from '../../money';
import type { PaymentKind, PaymentState } from '../rows';
import { HOST_ACCOUNT, type Account } from '../stripe';
import type { CreditedPart, KeptPayment, WaitingEvent } from './compare';

/** Which of a partner's payments are looked at: all that began since a moment, and all that these ids name. */
export interface Wanted {
  /** null: those that are named, alone. */
  readonly since: Date | null;
  readonly intents: readonly string[];
  readonly paymentIds: readonly string[];
}

export interface OurBooks {
  readonly kept: readonly KeptPayment[];
  readonly credited: readonly CreditedPart[];
  readonly byHand: ReadonlySet<string>;
}

/** On which accounts a partner sells, sold, or buys. */
export async function accountsOf(database: Database, partnerId: string): Promise<Account[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<{ account: Account }>(
      `select distinct account from talktime.payments where partner_id = $1
       union
       select stripe_account from talktime.payment_settings where partner_id = $1 and stripe_account is not null
       union
       select 'host'`,
      [partnerId],
    ),
  );
  return rows.map(({ account }) => account);
}

/** Reads what is kept of payments, and what the ledger has of them, at one moment. */
export async function readOurBooks(database: Database, partnerId: string, wanted: Wanted): Promise<OurBooks> {
  return database.asPartner(partnerId, async (transaction) => {
    const kept = await readKept(transaction, partnerId, wanted);
    const intents = [
      ...new Set([...wanted.intents, ...kept.flatMap(({ intent }) => (intent === null ? [] : [intent]))]),
    ];
    const credited = await readCredited(transaction, partnerId, wanted.since, intents);
    return { kept, credited, byHand: await readByHand(transaction, partnerId, intents) };
  });
}

interface KeptRow extends Record<string, unknown> {
  payment_id: string;
  kind: PaymentKind;
  account: Account;
  wallet_id: number;
  customer_id: string | null;
  state: PaymentState;
  payment_intent: string | null;
  currency: string;
  amount: bigint;
  credits: Microcredits;
  bonus: Microcredits;
  refunded: bigint;
  lost: bigint;
  disputed: bigint;
  failure_message: string | null;
}

/** With those that began before, and that something is still to be heard of. */
async function readKept(
  transaction: Transaction,
  partnerId: string,
  { since, intents, paymentIds }: Wanted,
): Promise<KeptPayment[]> {
  const rows = await transaction.query<KeptRow>(
    `select payment_id, kind, account, wallet_id, customer_id, state, payment_intent, currency, amount, credits, bonus,
            refunded, lost, disputed, failure_message
     from talktime.payments p
     where partner_id = $1
       and (created_at >= $2 or payment_intent = any($3) or payment_id = any($4)
            or ($2 is not null
                and (state in ('processing', 'needs_action', 'stuck') or disputed > 0
                     or exists (select from talktime.payment_refunds r
                                where r.partner_id = p.partner_id and r.payment_id = p.payment_id
                                  and r.status in ('pending', 'requires_action'))
                     or exists (select from talktime.payment_disputes d
                                where d.partner_id = p.partner_id and d.payment_id = p.payment_id
                                  and d.status not in ('won', 'lost', 'warning_closed', 'prevented')))))
     order by created_at, payment_id`,
    [partnerId, since, intents, paymentIds],
  );
  return rows.map((row) => ({
    paymentId: row.payment_id,
    kind: row.kind,
    account: row.account,
    walletId: row.wallet_id,
    customerId: row.customer_id,
    state: row.state,
    intent: row.payment_intent,
    currency: row.currency,
    amount: row.amount,
    credits: row.credits,
    bonus: row.bonus,
    refunded: row.refunded,
    lost: row.lost,
    disputed: row.disputed,
    failure: row.failure_message,
  }));
}

interface CreditedRow extends Record<string, unknown> {
  payment: string;
  part: CreditedPart['part'];
  wallet_id: number;
  customer_id: string | null;
  operation_id: string;
  credits: Microcredits;
  refund_taken: Microcredits;
  dispute_taken: Microcredits;
  disputed: Microcredits;
  open_disputes: number;
  gone: Microcredits;
}

async function readCredited(
  transaction: Transaction,
  partnerId: string,
  since: Date | null,
  intents: readonly string[],
): Promise<CreditedPart[]> {
  const rows = await transaction.query<CreditedRow>(
    `select c.payment, c.part, c.wallet_id, k.customer_id, c.operation_id, c.credits, c.refund_taken, c.dispute_taken, c.disputed,
            c.open_disputes,
            (select coalesce(sum(t.amount), 0)::bigint
             from talktime.operations r
             join talktime.transfers t on t.partner_id = r.partner_id and t.operation_id = r.operation_id
             where r.partner_id = c.partner_id and r.reverses = c.operation_id and r.kind not in ('refund', 'dispute')
               and t.credit_account <> $4)
            + coalesce((select g.expired from talktime.grants g
                        where g.partner_id = c.partner_id and g.operation_id = c.operation_id), 0) as gone
     from talktime.payment_credits c
     left join talktime.operations o on o.partner_id = c.partner_id and o.operation_id = c.operation_id
     left join talktime.customers k on k.partner_id = c.partner_id and k.wallet_id = c.wallet_id
     where c.partner_id = $1
       and (c.payment = any($3) or o.at >= $2 or ($2 is not null and (c.disputed > 0 or c.open_disputes > 0)))
     order by c.payment, c.part desc`,
    [partnerId, since, intents, ACCOUNTS.expiry],
  );
  return rows.map((row) => ({
    intent: row.payment,
    part: row.part,
    walletId: row.wallet_id,
    customerId: row.customer_id,
    operationId: row.operation_id,
    credits: row.credits,
    refundTaken: row.refund_taken,
    disputeTaken: row.dispute_taken,
    disputed: row.disputed,
    openDisputes: row.open_disputes,
    gone: row.gone,
  }));
}

/** PaymentIntents whose id is the idempotency key of a top-up. */
async function readByHand(
  transaction: Transaction,
  partnerId: string,
  intents: readonly string[],
): Promise<ReadonlySet<string>> {
  const intentOf = new Map(intents.map((intent) => [operationId(partnerId, 'request', intent), intent]));
  const rows = await transaction.query<{ operation_id: string }>(
    `select operation_id from talktime.operations
     where partner_id = $1 and operation_id = any($2::uuid[]) and kind = 'top_up'`,
    [partnerId, [...intentOf.keys()]],
  );
  return new Set(rows.map((row) => intentOf.get(row.operation_id)!));
}

const STUCK_AFTER_ATTEMPTS = 3;

/** Events that were tried in vain: of these accounts, and those about something of the partner's on any account. */
export async function readStuckEvents(
  database: Database,
  partnerId: string,
  accounts: readonly Account[],
): Promise<WaitingEvent[]> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query<EventRow>(
      `select account, event_id, type, object_id, attempts, outcome
       from directory.stripe_events e
       where done_at is null and attempts >= $3
         and (account = any($2)
              or exists (select from talktime.payments
                         where partner_id = $1 and e.object_id in (checkout_session, payment_intent, charge))
              or exists (select from talktime.payment_refunds where partner_id = $1 and refund_id = e.object_id)
              or exists (select from talktime.payment_disputes where partner_id = $1 and dispute_id = e.object_id))
       order by received_at
       limit 100`,
      [partnerId, accounts, STUCK_AFTER_ATTEMPTS],
    ),
  );
  return rows.map(toEvent);
}

/** Events of the host's own account that were tried in vain. */
export async function readStuckEventsOfHost(database: Database): Promise<WaitingEvent[]> {
  const rows = await database.asDirectory((transaction) =>
    transaction.query<EventRow>(
      `select account, event_id, type, object_id, attempts, outcome
       from directory.stripe_events
       where done_at is null and attempts >= $2 and account = $1
       order by received_at
       limit 100`,
      [HOST_ACCOUNT, STUCK_AFTER_ATTEMPTS],
    ),
  );
  return rows.map(toEvent);
}

interface EventRow extends Record<string, unknown> {
  account: Account;
  event_id: string;
  type: string;
  object_id: string;
  attempts: number;
  outcome: string | null;
}

function toEvent(row: EventRow): WaitingEvent {
  const { account, type, attempts, outcome } = row;
  return { account, type, attempts, outcome, eventId: row.event_id, objectId: row.object_id };
}
