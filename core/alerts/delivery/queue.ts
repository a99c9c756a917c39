import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../../database';
import type { Queue, Taken } from '../dispatcher';
import type { AlertChannel, DeliveryOutcome } from '../notice';
import { parseRoute, type AlertRoute } from '../routes';
import { claimMessage, type Claim } from './claim';
import { composeDelivery } from './compose';
import { settleDelivery, type Settled } from './settle';

/** How long a claimed message is left to whoever claimed it, before another may try. Longer than an attempt takes. */
const LEASE_SECONDS = 60;
/** How many messages of one partner are delivered at once, each on a route of its own. */
const AT_ONCE = 4;
/** For so long it is tried to write down what came of a delivery: what isn't written down leaves a doubt. */
const SETTLE_PATIENCE = 15_000;

export interface AlertQueueOptions {
  readonly leaseSeconds?: number;
  /** Told of what became of each attempt, for figures. */
  readonly onSettled?: (outcome: Settled['kind'] | 'doubt', route: AlertRoute['kind']) => void;
}

/**
 * The alerts, to be shown by a channel. What the ledger wrote is routed to messages; a message that has something new to
 * show is claimed, delivered, and settled. Every step may be cut off at any point: what was not written down is done
 * again, and where it can't be known whether a post arrived, it is posted again and says so (docs/decisions/0016).
 */
export function alertQueue(database: Database, channel: AlertChannel, options: AlertQueueOptions = {}): Queue {
  const { leaseSeconds = LEASE_SECONDS, onSettled = () => undefined } = options;
  /** The routes under way in this process, by partner: one message at a time on each, so that a slow one holds up no other. */
  const underWay = new Map<string, Set<string>>();

  const deliver = async (claim: Claim): Promise<{ failure?: Error }> => {
    const kind = parseRoute(claim.route).kind;
    if (claim.newDoubt) onSettled('doubt', kind);
    const outcome = await composeDelivery(database, claim)
      .then((delivery) => channel.deliver(delivery))
      .catch((error: Error): DeliveryOutcome => ({ kind: 'retry', reason: error.message }));
    const settled = await settlePatiently(database, claim, outcome);
    if (settled.doubt) onSettled('doubt', kind);
    onSettled(settled.kind, kind);
    if (outcome.kind === 'delivered') return {};
    return {
      failure: new Error(
        `Alert ${claim.messageId} (${claim.kind}, by ${kind}) was not delivered (${outcome.kind}): ${outcome.reason}`,
      ),
    };
  };

  return {
    atOnce: AT_ONCE,
    async take(partnerId): Promise<Taken> {
      const busy = underWay.get(partnerId) ?? new Set<string>();
      for (;;) {
        const taken = await claimMessage(database, partnerId, { busy: [...busy], leaseSeconds });
        if (taken.kind === 'more') continue;
        if (taken.kind === 'nothing') return { kind: 'nothing' };
        if (taken.kind === 'waiting') return { kind: 'later', seconds: taken.seconds };
        const { route } = taken.claim;
        underWay.set(partnerId, busy.add(route));
        return {
          kind: 'work',
          run: () =>
            deliver(taken.claim).finally(() => {
              busy.delete(route);
              if (busy.size === 0) underWay.delete(partnerId);
            }),
        };
      }
    },
  };
}

/** The database may be away for a moment; what came of the delivery is kept until it is back. */
async function settlePatiently(database: Database, claim: Claim, outcome: DeliveryOutcome): Promise<Settled> {
  const end = Date.now() + SETTLE_PATIENCE;
  for (let wait = 100; ; wait = Math.min(wait * 2, 1_000)) {
    try {
      return await settleDelivery(database, claim, outcome);
    } catch (error) {
      if (Date.now() + wait > end) throw error;
      await pause(wait);
    }
  }
}
