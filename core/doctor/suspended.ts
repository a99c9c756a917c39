import type { Transaction } from '../database';

/** So many of the calls that wait longest are looked at. */
const MOST_WAITING = 1_000;

/**
 * How many calls in suspense point to each customer: by a mapping that was made since, by its id in the call's metadata,
 * or by an agent that took calls of the customer's in the last 30 days. A call may point to several.
 */
export async function suspendedByCustomer(
  transaction: Transaction,
  partnerId: string,
  customerIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await transaction.query<{ customer_id: string; waiting: number }>(
    `with waiting as materialized (
       select call_id, agent_id, from_number, to_number, direction, metadata_customer_id
       from talktime.calls
       where partner_id = $1 and state = 'suspense'
       order by received_at, call_id
       limit $3
     ),
     clues as (
       select call_id, 'agent' as kind, agent_id as value from waiting
       union all select call_id, 'phone_number', to_number from waiting where direction is distinct from 'outbound'
       union all select call_id, 'phone_number', from_number from waiting where direction is distinct from 'inbound'
       union all select call_id, 'metadata', metadata_customer_id from waiting
     ),
     points as (
       select clues.call_id, m.customer_id
       from clues join talktime.mappings m on m.partner_id = $1 and m.kind = clues.kind and m.value = clues.value
       union
       select call_id, metadata_customer_id from waiting where metadata_customer_id is not null
       union
       select waiting.call_id, before.customer_id
       from waiting
       join (
         select distinct agent_id, customer_id
         from talktime.calls
         where partner_id = $1 and revision > 0 and started_at >= talktime.clock() - interval '30 days'
           and agent_id in (select agent_id from waiting)
       ) before using (agent_id)
     )
     select customer_id, count(distinct call_id)::int as waiting
     from points
     where customer_id = any($2::text[])
     group by customer_id`,
    [partnerId, customerIds, MOST_WAITING],
  );
  return new Map(rows.map((row) => [row.customer_id, row.waiting]));
}
