import type { Transaction } from '../database';
import type { FailingEndpoint } from './facts';

/** A delivery that was tried this often and is still not booked is told. */
const TRIED_OFTEN = 3;

/**
 * Accounts at providers whose deliveries of the last 7 days could not be read, were refused, or are tried again and again.
 * Of a customer: the accounts that its calls of the last 30 days came from.
 */
export async function failingEndpoints(
  transaction: Transaction,
  partnerId: string,
  customerId: string | null = null,
): Promise<FailingEndpoint[]> {
  return transaction.query<FailingEndpoint & Record<string, unknown>>(
    `select e.provider, e.account, count(*)::int as count,
            (array_agg(i.message order by i.received_at desc))[1] as message
     from talktime.inbox i
     join talktime.endpoints e using (partner_id, endpoint_id)
     where i.partner_id = $1 and i.received_at >= talktime.clock() - interval '7 days'
       and (i.state in ('unreadable', 'refused') or (i.state = 'received' and i.attempts >= $3))
       and ($2::text is null or exists (
         select from talktime.calls
         where partner_id = $1 and customer_id = $2 and received_at >= talktime.clock() - interval '30 days'
           and provider = e.provider and account = e.account))
     group by e.provider, e.account
     order by count(*) desc, e.provider, e.account`,
    [partnerId, customerId, TRIED_OFTEN],
  );
}
