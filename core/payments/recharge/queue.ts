import type { Queue, Taken } from '../../alerts';
import { TalktimeError } from '../../contract/errors';
import type { PaymentContext } from '../context';
import { rechargeIfDue } from './attempt';

/** How many of one partner's wallets are charged at once. */
const AT_ONCE = 4;

/** On which channel whoever recharges is woken. */
export const RECHARGE_CHANNEL = 'talktime_recharge' as const;

/** The wallets that are at or below the level at which they top themselves up. */
export function rechargeQueue(context: PaymentContext): Queue {
  return {
    atOnce: AT_ONCE,
    take: async (partnerId) => {
      const { walletId, seconds } = await claim(context, partnerId);
      if (walletId === null) return seconds === null ? { kind: 'nothing' } : { kind: 'later', seconds };
      return { kind: 'work', run: () => run(context, partnerId, walletId) };
    },
  };
}

async function run(
  context: PaymentContext,
  partnerId: string,
  walletId: number,
): Promise<Awaited<ReturnType<Extract<Taken, { kind: 'work' }>['run']>>> {
  try {
    await rechargeIfDue(context, partnerId, walletId);
    return {};
  } catch (error) {
    // What became of the charge is found out by the job that looks at payments.
    if (error instanceof TalktimeError) return { failure: error };
    throw error;
  }
}

/**
 * Takes a wallet that is due for a look for a minute, should the process end over it; else says when one will be. (`=`, not
 * `in`: a subquery with a limit that is joined may be run again for each row, and then takes more than one.)
 */
async function claim(
  { database }: PaymentContext,
  partnerId: string,
): Promise<{ readonly walletId: number | null; readonly seconds: number | null }> {
  return database.asPartner(partnerId, async (transaction) => {
    const [[taken], [next]] = await Promise.all([
      transaction.query<{ wallet_id: number }>(
        `update talktime.auto_recharges
         set next_look_at = talktime.clock() + interval '1 minute'
         where partner_id = $1 and wallet_id = (
           select r.wallet_id
           from talktime.auto_recharges r
           join talktime.wallets w using (partner_id, wallet_id)
           where r.partner_id = $1 and r.enabled and r.state = 'active' and r.next_look_at <= talktime.clock()
             and w.posted <= r.threshold
           order by r.next_look_at
           limit 1
           for update of r skip locked)
         returning wallet_id`,
        [partnerId],
      ),
      transaction.query<{ seconds: number | null }>(
        `select extract(epoch from min(r.next_look_at) - talktime.clock())::float8 as seconds
         from talktime.auto_recharges r
         join talktime.wallets w using (partner_id, wallet_id)
         where r.partner_id = $1 and r.enabled and r.state = 'active' and r.next_look_at < 'infinity' and w.posted <= r.threshold`,
        [partnerId],
      ),
    ]);
    return {
      walletId: taken?.wallet_id ?? null,
      seconds: next?.seconds == null ? null : Math.max(next.seconds, 0.1),
    };
  });
}
