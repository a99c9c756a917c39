import Stripe from 'stripe';
import type { z } from 'zod';
import { audit } from '../../access/audit';
import type { meter as meterSchema } from '../../contract';
import { TalktimeError } from '../../contract/errors';
import type { Transaction } from '../../database';
import type { Actor } from '../../ledger';
import type { PaymentContext } from '../context';
import { readPaymentSettings, sellerOf } from '../settings';
import type { Account, StripeAccess } from '../stripe';
import type { MeterEvent } from './plan';

/**
 * What events are called at Stripe. Their value is in microcredits: Stripe takes whole numbers only, so that anything
 * larger would have to be rounded. https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api
 */
export const EVENT_NAME = 'talktime_microcredits';

export interface MeterRow extends Record<string, unknown> {
  readonly account: Account;
  readonly meter_id: string;
  readonly event_name: string;
}

/** Finds the meter of the account that the partner sells on, or makes it. Asked again, answers the same. */
export async function setUpMetering(
  { database, stripe }: PaymentContext,
  partnerId: string,
  actor: Actor,
): Promise<z.output<typeof meterSchema>> {
  const account = await database.asPartner(partnerId, async (transaction) =>
    sellerOf(await readPaymentSettings(transaction, partnerId), 'any'),
  );
  const meter = (await findMeter(stripe, account)) ?? (await makeMeter(stripe, account));
  if (meter.default_aggregation.formula !== 'sum' || meter.customer_mapping.event_payload_key !== CUSTOMER_KEY)
    throw new TalktimeError(
      'STRIPE_REFUSED',
      `Stripe has a meter for "${EVENT_NAME}" that counts otherwise. Deactivate it at Stripe, and try again.`,
    );
  return database.asPartner(partnerId, async (transaction) => {
    const changed = await transaction.query(
      `insert into talktime.meters (partner_id, account, meter_id, event_name) values ($1, $2, $3, $4)
       on conflict (partner_id, account) do update set meter_id = excluded.meter_id
       where meters.meter_id <> excluded.meter_id
       returning account`,
      [partnerId, account, meter.id, EVENT_NAME],
    );
    if (changed.length > 0) await audit(transaction, partnerId, actor, 'metering.set_up', account, { meter: meter.id });
    return { account, meter_id: meter.id, event_name: EVENT_NAME };
  });
}

const CUSTOMER_KEY = 'stripe_customer_id';

async function findMeter(stripe: StripeAccess, account: Account): Promise<Stripe.Billing.Meter | undefined> {
  const meters = await stripe.ask(account, (client, at) =>
    client.billing.meters.list({ status: 'active', limit: 100 }, at).autoPagingToArray({ limit: 1000 }),
  );
  return meters.find((meter) => meter.event_name === EVENT_NAME);
}

/** An event name has one active meter: whoever comes second finds the first one's. */
async function makeMeter(stripe: StripeAccess, account: Account): Promise<Stripe.Billing.Meter> {
  try {
    return await stripe.ask(account, (client, at) =>
      client.billing.meters.create(
        {
          display_name: 'Talktime usage (millionths of a credit)',
          event_name: EVENT_NAME,
          default_aggregation: { formula: 'sum' },
          customer_mapping: { type: 'by_id', event_payload_key: CUSTOMER_KEY },
          value_settings: { event_payload_key: 'value' },
        },
        at,
      ),
    );
  } catch (error) {
    const found = await findMeter(stripe, account);
    if (found) return found;
    throw error;
  }
}

export async function readMeter(
  transaction: Transaction,
  partnerId: string,
  account: Account,
): Promise<MeterRow | undefined> {
  const [row] = await transaction.query<MeterRow>(
    'select account, meter_id, event_name from talktime.meters where partner_id = $1 and account = $2',
    [partnerId, account],
  );
  return row;
}

/**
 * Tells Stripe of use. What it has under the identifier already it does not take again: after an unknown answer the same
 * is sent once more. Not under an idempotency key of ours, under which Stripe would repeat a failure for a day.
 */
export async function sendEvent(
  stripe: StripeAccess,
  { account, event_name: eventName }: MeterRow,
  customer: string,
  { identifier, value, timestamp }: MeterEvent,
): Promise<void> {
  await stripe.ask(account, async (client, at) => {
    try {
      await client.billing.meterEvents.create(
        {
          event_name: eventName,
          identifier,
          timestamp,
          payload: { [CUSTOMER_KEY]: customer, value: String(value) },
        },
        at,
      );
    } catch (error) {
      if (!isKnown(error)) throw error;
    }
  });
}

function isKnown(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeInvalidRequestError &&
    (error.code === 'duplicate_meter_event' || /already exists with identifier/.test(error.message))
  );
}

/** Cancels an event. @throws TalktimeError STRIPE_REFUSED when Stripe does not: it is too old, say. */
export async function cancelEvent(
  stripe: StripeAccess,
  { account, event_name }: MeterRow,
  identifier: string,
): Promise<void> {
  await stripe.ask(account, (client, at) =>
    client.billing.meterEventAdjustments.create({ event_name, type: 'cancel', cancel: { identifier } }, at),
  );
}

/** What a meter has of a customer, by the beginnings (in seconds) of days; or in all, of a time shorter than that. */
export async function usageAtStripe(
  stripe: StripeAccess,
  { account, meter_id: meterId }: MeterRow,
  customer: string,
  { from, to, byDay }: { readonly from: number; readonly to: number; readonly byDay: boolean },
): Promise<Map<number, bigint>> {
  const summaries = await stripe.ask(account, (client, at) =>
    client.billing.meters
      .listEventSummaries(
        meterId,
        {
          customer,
          start_time: from,
          end_time: to,
          limit: 100,
          ...(byDay && { value_grouping_window: 'day' as const }),
        },
        at,
      )
      .autoPagingToArray({ limit: 10_000 }),
  );
  const used = new Map<number, bigint>();
  // A sum of whole numbers, which is exact below 2^53: 9,007,199,254 credits.
  for (const { start_time: start, aggregated_value: value } of summaries)
    used.set(start, (used.get(start) ?? 0n) + BigInt(Math.round(value)));
  return used;
}
