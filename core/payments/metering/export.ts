import { TalktimeError } from '../../contract/errors';
import type { PaymentContext } from '../context';
import { ensureStripeCustomer } from '../payer';
import { claimStretch, noteSent, releaseStretch, type ClaimedStretch } from './claim';
import { isThere } from './doubt';
import { earlierOfTheSame, nextLines, type UseLine } from './lines';
import { cancelEvent, readMeter, sendEvent, type MeterRow } from './meter';
import { eventsFor, identifierOf, stepFor } from './plan';

/** Stripe takes one call at a time for a customer, and about 1,000 a second in all (for a connected account, 100). */
const AT_ONCE = 8;
const PAGE = 100;
const TRIES = 4;
const FIRST_PAUSE = 200;
/** Stripe knows an identifier again for 24 hours at least; after that, whether it has an event is asked first. */
const DOUBT_AFTER = 23 * 60 * 60 * 1000;

type Context = Pick<PaymentContext, 'database' | 'stripe'>;

/**
 * Tells Stripe what the partner's metered customers have used since it was told last, posting by posting, in each wallet's
 * order. It may be cut off anywhere and run again, by any process: a wallet is worked on by one at a time, and what may have
 * been told already is told again under the same identifier. Answers how many postings were told.
 */
export async function exportUsage(
  context: Context,
  partnerId: string,
  signal: AbortSignal,
  now: () => number = Date.now,
): Promise<number> {
  let told = 0;
  let failed: unknown;
  const worker = async () => {
    while (!signal.aborted) {
      const stretch = await claimStretch(context.database, partnerId);
      if (!stretch) return;
      const { lines, error } = await tellStretch(context, partnerId, stretch, signal, now);
      told += lines;
      failed = error ?? failed;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failed !== undefined)
    throw new Error(`Some usage could not be told to Stripe: ${failed instanceof Error ? failed.message : 'unknown'}`, {
      cause: failed,
    });
  return told;
}

async function tellStretch(
  context: Context,
  partnerId: string,
  stretch: ClaimedStretch,
  signal: AbortSignal,
  now: () => number,
): Promise<{ lines: number; error?: unknown }> {
  let lines = 0;
  try {
    const meter = await context.database.asPartner(partnerId, (transaction) =>
      readMeter(transaction, partnerId, stretch.account),
    );
    const customer = await ensureStripeCustomer(context, partnerId, stretch.account, {
      walletId: stretch.walletId,
      customerId: stretch.customerId,
      name: stretch.customerName,
    });
    const teller = new Teller(context, partnerId, stretch, meter!, customer, now);
    for (let sent = stretch.sent; !signal.aborted; ) {
      const page = await context.database.asPartner(partnerId, (transaction) =>
        nextLines(transaction, partnerId, stretch, sent, PAGE),
      );
      for (const line of page) {
        if (signal.aborted) break;
        const { cancelled } = await teller.tell(line);
        if (!(await noteSent(context.database, partnerId, stretch, line.sequence, cancelled))) return { lines };
        sent = line.sequence;
        lines++;
      }
      if (page.length < PAGE) break;
    }
    await releaseStretch(context.database, partnerId, stretch, null);
    return { lines };
  } catch (error) {
    await releaseStretch(context.database, partnerId, stretch, {
      reason: error instanceof Error ? error.message : String(error),
      isUnknown: !(error instanceof TalktimeError && error.code === 'STRIPE_REFUSED'),
    });
    return { lines, error };
  }
}

class Teller {
  /** Of the next posting alone: whether Stripe may have it, from a time that it has forgotten the identifier since. */
  #isInDoubt: boolean;

  constructor(
    readonly context: Context,
    readonly partnerId: string,
    readonly stretch: ClaimedStretch,
    readonly meter: MeterRow,
    readonly customer: string,
    readonly now: () => number,
  ) {
    this.#isInDoubt = stretch.askingSince !== null && now() - stretch.askingSince > DOUBT_AFTER;
  }

  /** Tells Stripe of a posting, and answers the sequence of a cancellation that is done with it. */
  async tell(line: UseLine): Promise<{ cancelled: bigint | null }> {
    const isInDoubt = this.#isInDoubt;
    this.#isInDoubt = false;
    const earlier =
      line.value < 0n
        ? await this.context.database.asPartner(this.partnerId, (transaction) =>
            earlierOfTheSame(transaction, this.partnerId, this.stretch, line),
          )
        : [];
    const asked = line.value < 0n ? await this.#cancellationOf(line) : null;
    const step = stepFor(line, earlier, this.now());
    if (asked?.state === 'asked' || (asked === null && step.kind === 'cancel')) {
      const of = earlier.find(({ sequence }) => sequence === asked?.of_sequence) ?? earlier[0]!;
      if (await this.#cancel(line, of, asked === null)) return { cancelled: line.sequence };
    }
    const events =
      step.kind === 'events' ? step.events : step.kind === 'cancel' ? eventsFor(line, line.value, this.now()) : [];
    if (events.length > 0 && isInDoubt && (await isThere(this, line, sumOf(events)))) return { cancelled: null };
    for (const event of events)
      await this.#patiently(() => sendEvent(this.context.stripe, this.meter, this.customer, event));
    return { cancelled: null };
  }

  async #cancellationOf(line: UseLine) {
    const [row] = await this.context.database.asPartner(this.partnerId, (transaction) =>
      transaction.query<{ of_sequence: bigint; state: 'asked' | 'done' | 'refused' }>(
        'select of_sequence, state from talktime.meter_cancellations where partner_id = $1 and wallet_id = $2 and sequence = $3',
        [this.partnerId, this.stretch.walletId, line.sequence],
      ),
    );
    return row ?? null;
  }

  /** Cancels the event of a posting. False: Stripe refused, so it is still there, and noted so. */
  async #cancel(line: UseLine, of: UseLine, isFirst: boolean): Promise<boolean> {
    const { database, stripe } = this.context;
    const key = [this.partnerId, this.stretch.walletId, line.sequence];
    if (isFirst)
      await database.asPartner(this.partnerId, (transaction) =>
        transaction.query(
          'insert into talktime.meter_cancellations (partner_id, wallet_id, sequence, of_sequence) values ($1, $2, $3, $4)',
          [...key, of.sequence],
        ),
      );
    let tries = isFirst ? 0 : 1;
    try {
      await this.#patiently(() => {
        tries++;
        return cancelEvent(stripe, this.meter, identifierOf(of));
      });
      return true;
    } catch (error) {
      if (!(error instanceof TalktimeError && error.code === 'STRIPE_REFUSED')) throw error;
      // A first answer is plain. Later ones may be refused because an earlier one was done, and its answer lost.
      if (tries > 1 && !(await isThere(this, of, of.value, of))) return true;
      await database.asPartner(this.partnerId, (transaction) =>
        transaction.query(
          `update talktime.meter_cancellations set state = 'refused' where partner_id = $1 and wallet_id = $2 and sequence = $3`,
          key,
        ),
      );
      return false;
    }
  }

  /** Tries again when the answer is unknown, or Stripe asks for patience; a stretch that fails in the end waits longer. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (tries >= TRIES || !(error instanceof TalktimeError && error.code === 'STRIPE_UNREACHABLE')) throw error;
        const pause = FIRST_PAUSE * 2 ** (tries - 1);
        await new Promise((resolve) => setTimeout(resolve, pause * (1 + Math.random())));
      }
    }
  }
}

const sumOf = (events: readonly { readonly value: bigint }[]) => events.reduce((sum, { value }) => sum + value, 0n);
