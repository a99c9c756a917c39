import { TalktimeError } from '../../contract/errors';
import type { PaymentContext } from '../context';
import type { Stretch, UseLine } from './lines';
import { usageAtStripe, type MeterRow } from './meter';
import { useBy } from './use';

const MINUTE = 60;

/**
 * Whether Stripe has the event of a posting, told by what its meter counts in the posting's minute beside what the ledger
 * was to have told. Stripe can be asked for no single event.
 * @param counted the posting, when it is among those that were told; else it is the next one
 * @throws TalktimeError STRIPE_UNREACHABLE when it cannot be told from that
 */
export async function isThere(
  {
    context: { database, stripe },
    partnerId,
    stretch,
    meter,
    customer,
  }: {
    readonly context: Pick<PaymentContext, 'database' | 'stripe'>;
    readonly partnerId: string;
    readonly stretch: Stretch;
    readonly meter: MeterRow;
    readonly customer: string;
  },
  line: UseLine,
  value: bigint,
  counted: UseLine | null = null,
): Promise<boolean> {
  const from = Math.floor(line.at / 1000 / MINUTE) * MINUTE;
  const to = from + MINUTE;
  // As far as was told by now: the claim's own number may be older.
  const sent = counted ? line.sequence : line.sequence - 1n;
  const reach = { ...stretch, sent: sent > stretch.sent ? sent : stretch.sent };
  const [told, atStripe] = await Promise.all([
    database.asPartner(partnerId, (transaction) => useBy(transaction, partnerId, reach, { from, to, step: MINUTE })),
    usageAtStripe(stripe, meter, customer, { from, to, byDay: false }),
  ]);
  const { used, waiting } = told.get(from) ?? { used: 0n, waiting: 0n };
  const without = counted ? used - waiting - value : used - waiting;
  const there = [...atStripe.values()].reduce((sum, each) => sum + each, 0n);
  if (there === without) return false;
  if (there === without + value) return true;
  throw new TalktimeError(
    'STRIPE_UNREACHABLE',
    `Whether Stripe has the usage of posting ${line.sequence} cannot be told from its meter, which has ${there} microcredits in that minute, and ${without} or ${without + value} were expected. See GET /v1/reports/metering.`,
  );
}
