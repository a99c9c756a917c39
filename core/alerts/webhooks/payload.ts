import type { WebhookEvent, WebhookEventType } from '../../contract';
import type { Transaction } from '../../database';
import { getSuspendedCall } from '../../calls/suspense';
import { formatDecimal, toJsonNumber } from '../../money';
import { readPaymentDetails } from '../../payments/details';
import { readMargin, readStanding } from '../standing';

/** What a delivery is about, as it was written down. */
export interface Subject {
  readonly event_id: string;
  readonly type: WebhookEventType;
  readonly customer_id: string | null;
  readonly subject: string;
  readonly at: Date;
}

/** The body of an event, made before its first attempt and kept: operations as they were done, balances and calls as they are then. */
export async function composePayload(
  transaction: Transaction,
  partnerId: string,
  event: Subject,
): Promise<WebhookEvent> {
  const { event_id, type, customer_id, at } = event;
  return {
    id: event_id,
    type,
    at: at.toISOString(),
    customer: customer_id === null ? null : await readName(transaction, partnerId, customer_id),
    data: await readData(transaction, partnerId, event),
  };
}

async function readData(
  transaction: Transaction,
  partnerId: string,
  { type, subject }: Subject,
): Promise<Record<string, unknown>> {
  switch (type) {
    case 'credits.topped_up':
    case 'plan.applied':
    case 'call.deducted': {
      const [row] = await transaction.query<{ result: Record<string, unknown> }>(
        'select result from talktime.operations where partner_id = $1 and operation_id = $2',
        [partnerId, subject],
      );
      return row!.result;
    }
    case 'call.suspended':
      return { ...(await getSuspendedCall(transaction, partnerId, subject)) };
    case 'payment.succeeded':
    case 'payment.failed':
    case 'payment.refunded':
    case 'payment.disputed':
    case 'payment.dispute_closed':
      return { ...(await readPaymentDetails(transaction, partnerId, subject)) };
    case 'margin.low':
    case 'margin.recovered': {
      const standing = await readStanding(transaction, partnerId, Number(subject));
      const { days, level, price, cost } = await readMargin(transaction, partnerId, standing.customerId);
      return {
        days,
        level: level / 1_000_000,
        price: formatDecimal(price),
        cost: formatDecimal(cost),
        margin: price > 0n ? Number(((price - cost) * 1_000_000n) / price) / 1_000_000 : null,
        currency: standing.currency,
      };
    }
    default: {
      const standing = await readStanding(transaction, partnerId, Number(subject));
      return {
        wallet: standing.wallet,
        status: standing.status,
        posted: toJsonNumber(standing.posted),
        low_credit_threshold: standing.lowCreditThreshold === null ? null : toJsonNumber(standing.lowCreditThreshold),
        minutes_left: standing.minutesLeft,
        days_left: standing.runway?.days ?? null,
        runway: standing.runway,
        money: formatDecimal(standing.money),
        currency: standing.currency,
      };
    }
  }
}

async function readName(
  transaction: Transaction,
  partnerId: string,
  customerId: string,
): Promise<{ id: string; name: string }> {
  const [row] = await transaction.query<{ name: string }>(
    'select name from talktime.customers where partner_id = $1 and customer_id = $2',
    [partnerId, customerId],
  );
  return { id: customerId, name: row!.name };
}
