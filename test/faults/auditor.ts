/**
 * An auditor of the ledger as it lies in the database. It shares no code with the service: it reads the rows as the
 * superuser, in one snapshot, and each of its questions answers with what contradicts a rule. No answer, no finding.
 */
import type { Client } from 'pg';
import { auditAlerts } from './alert-auditor';

interface Question {
  readonly rule: string;
  readonly sql: string;
}

/** Both wallet sides of every transfer, signed as the wallet sees them. */
const ENTRIES = `entries as (
  select partner_id, debit_account as wallet_id, debit_sequence as sequence, -amount as amount, debit_balance as balance, operation_id, at
  from talktime.transfers where debit_account >= 0
  union all
  select partner_id, credit_account, credit_sequence, amount, credit_balance, operation_id, at
  from talktime.transfers where credit_account >= 0
)`;

const QUESTIONS: readonly Question[] = [
  {
    rule: 'credits are conserved: what wallets hold is what the counter accounts issued',
    sql: `select partner_id, held, issued
          from (select partner_id, sum(posted) as held from talktime.wallets group by partner_id) w
          join (select partner_id,
                       sum(case when debit_account < 0 then amount else 0 end) - sum(case when credit_account < 0 then amount else 0 end) as issued
                from talktime.transfers group by partner_id) t using (partner_id)
          where held <> issued`,
  },
  {
    rule: 'the postings of a wallet are numbered from 1 without a gap',
    sql: `with ${ENTRIES},
            counted as (select partner_id, wallet_id, count(*) as postings, count(distinct sequence) as numbers, min(sequence) as first, max(sequence) as last
                        from entries group by partner_id, wallet_id)
          select partner_id, wallet_id, w.sequence, postings, numbers, first, last
          from talktime.wallets w full join counted c using (partner_id, wallet_id)
          where w.sequence is distinct from coalesce(postings, 0)
             or (postings > 0 and (numbers <> postings or first <> 1 or last <> postings))`,
  },
  {
    rule: 'each balance is the one before it and the amount, in the order of time',
    sql: `with ${ENTRIES},
            chained as (select *, lag(balance, 1, 0::bigint) over wallet as balance_before, lag(at) over wallet as at_before
                        from entries window wallet as (partition by partner_id, wallet_id order by sequence))
          select partner_id, wallet_id, sequence, balance_before, amount, balance, at_before, at
          from chained where balance <> balance_before + amount or at < at_before`,
  },
  {
    rule: "a wallet's stored balance is its last posting's and the sum of all",
    sql: `with ${ENTRIES},
            summed as (select partner_id, wallet_id, sum(amount) as total, (array_agg(balance order by sequence desc))[1] as last, max(at) as at
                       from entries group by partner_id, wallet_id)
          select partner_id, wallet_id, posted, total, last, last_posted_at, s.at
          from talktime.wallets w full join summed s using (partner_id, wallet_id)
          where posted is distinct from coalesce(total, 0) or posted is distinct from coalesce(last, 0) or last_posted_at is distinct from s.at`,
  },
  {
    rule: 'every operation has its transfers, numbered from 0; none are missing but of holds, and of calls that cost nothing',
    sql: `select o.partner_id, o.operation_id, o.kind, o.key, count(t.line) as transfers, min(t.line) as first, max(t.line) as last
          from talktime.operations o left join talktime.transfers t using (partner_id, operation_id)
          group by o.partner_id, o.operation_id, o.kind, o.key, o.result
          having (count(t.line) = 0 and o.kind not in ('authorize', 'extend', 'release') and not (o.kind in ('call', 'reassign') and (o.result -> 'receipt' ->> 'price')::numeric = (o.result -> 'receipt' ->> 'previous_price')::numeric))
              or (count(t.line) > 0 and (min(t.line) <> 0 or max(t.line) <> count(t.line) - 1))`,
  },
  {
    rule: "an operation's stored result is what its transfers did",
    sql: `with ${ENTRIES},
            did as (select partner_id, operation_id, wallet_id, sum(amount) as amount, (array_agg(balance order by sequence desc))[1] as balance
                    from entries group by partner_id, operation_id, wallet_id),
            said as (select o.partner_id, o.operation_id, o.kind, o.key,
                            ((o.result ->> 'amount')::numeric * 1000000)::bigint as amount,
                            ((o.result ->> 'balance_after')::numeric * 1000000)::bigint as balance,
                            case when o.result ->> 'wallet' = 'partner' then 0 else c.wallet_id end as wallet_id
                     from talktime.operations o
                     left join talktime.customers c on c.partner_id = o.partner_id and c.customer_id = o.result ->> 'customer_id')
          select said.*, did.amount as amount_posted, did.balance as balance_posted
          from said left join did using (partner_id, operation_id, wallet_id)
          where said.wallet_id is null or said.amount <> coalesce(did.amount, 0) or said.balance <> coalesce(did.balance, said.balance)`,
  },
  {
    rule: 'no key was applied twice',
    sql: `select partner_id, key, key like 'call:%' as of_call, count(*) from talktime.operations group by 1, 2, 3 having count(*) > 1`,
  },
  {
    rule: 'an operation never reverses more than there was',
    sql: `select o.partner_id, o.operation_id, o.key
          from talktime.operations o
          where exists (select from talktime.operations r where r.partner_id = o.partner_id and r.reverses = o.operation_id) and o.call_id is null
            and (select sum(amount) from talktime.transfers t where t.partner_id = o.partner_id and t.operation_id = o.operation_id)
              < (select sum(t.amount) from talktime.operations r join talktime.transfers t using (partner_id, operation_id)
                 where r.partner_id = o.partner_id and r.reverses = o.operation_id)`,
  },
  {
    rule: 'a call has as many postings as its revision says, and they come to its price',
    sql: `with taken as (select o.partner_id, o.call_id, t.debit_account as account, t.amount from talktime.operations o join talktime.transfers t using (partner_id, operation_id)
                         where o.call_id is not null and t.debit_account >= 0
                         union all
                         select o.partner_id, o.call_id, t.credit_account, -t.amount from talktime.operations o join talktime.transfers t using (partner_id, operation_id)
                         where o.call_id is not null and t.credit_account >= 0),
               sums as (select partner_id, call_id, sum(amount) filter (where account > 0) as of_customers, sum(amount) filter (where account = 0) as of_partner
                        from taken group by partner_id, call_id),
               posted as (select partner_id, call_id, count(*) filter (where kind in ('call', 'reassign')) as revisions from talktime.operations
                          where call_id is not null and kind not in ('authorize', 'extend', 'release') group by partner_id, call_id)
          select partner_id, call_id, c.provider_call_id, c.state, c.revision, p.revisions, c.price, c.overage, c.overage_paid, s.of_customers, s.of_partner
          from talktime.calls c full join posted p using (partner_id, call_id) left join sums s using (partner_id, call_id)
          where c.call_id is null or c.revision <> coalesce(p.revisions, 0)
             or (c.state = 'suspense' and c.revision <> 0) or (c.state = 'charged' and c.revision = 0)
             or coalesce(s.of_customers, 0) <> case when c.payer = 'customer' then c.price - c.overage else 0 end
             or coalesce(s.of_partner, 0) <> case when c.payer = 'customer' then c.overage_paid when c.payer = 'partner' then c.price else 0 end`,
  },
  {
    rule: 'what a wallet holds is the sum of its live holds, and every step of a hold is there with it',
    sql: `select coalesce(w.partner_id, h.partner_id) as partner_id, coalesce(w.wallet_id, h.wallet_id) as wallet_id, w.held::text as stored, h.amount::text as live, null::text as step
          from talktime.wallets w
          full join (select partner_id, wallet_id, sum(amount) as amount from talktime.holds where state = 'live' group by partner_id, wallet_id) h using (partner_id, wallet_id)
          where w.held is distinct from coalesce(h.amount, 0)
          union all
          select h.partner_id, h.wallet_id, h.state, h.provider_call_id, 'operations: ' || s.steps::text
          from talktime.holds h
          join lateral (select coalesce(array_agg(o.kind order by o.kind), '{}') as steps from talktime.operations o
                        where o.partner_id = h.partner_id and o.call_id = h.call_id) s on true
          where not 'authorize' = any(s.steps)
             or (h.state = 'released') <> ('release' = any(s.steps))
             or (h.state = 'captured') <> ('call' = any(s.steps))
          union all
          select o.partner_id, null, o.kind, o.key, 'without a hold'
          from talktime.operations o left join talktime.holds h using (partner_id, call_id)
          where o.kind in ('authorize', 'extend', 'release') and h.call_id is null`,
  },
  {
    rule: 'a call has its reports, and a report that was posted has its operation',
    sql: `select c.partner_id, c.call_id, c.provider_call_id, c.state, f.disposition, f.operation_id
          from talktime.calls c
          left join talktime.call_facts f using (partner_id, call_id)
          left join talktime.operations o on o.partner_id = f.partner_id and o.operation_id = f.operation_id
          where f.call_id is null or (f.operation_id is not null and o.operation_id is null)
             or (f.disposition = 'posted' and f.operation_id is null) or (c.state = 'charged' and f.disposition = 'suspense')`,
  },
  {
    rule: 'what was done for a person has its note; what moved a call has its audit line',
    sql: `select o.partner_id, o.operation_id, o.kind, o.key
          from talktime.operations o left join talktime.operation_notes n using (partner_id, operation_id)
          where o.kind in ('top_up', 'deduction', 'adjustment', 'reversal') and n.note is distinct from o.key
          union all
          select o.partner_id, o.call_id, o.kind, o.key
          from talktime.operations o
          where o.kind = 'reassign' and not exists (select from talktime.audit_log a where a.partner_id = o.partner_id and a.action = 'call.reassigned' and a.subject = o.call_id::text)`,
  },
];

/** Everything that contradicts a rule, in words. The client must be at the start of no transaction. */
export async function audit(client: Client): Promise<string[]> {
  return inSnapshot(client, async () => {
    const findings: string[] = [];
    for (const { rule, sql } of QUESTIONS) {
      const { rows } = await client.query<Record<string, unknown>>(`${sql}\nlimit 5`);
      for (const row of rows) findings.push(`broken: ${rule}: ${JSON.stringify(row)}`);
    }
    return [...findings, ...(await auditAlerts(client))];
  });
}

/** Reads everything as of one moment. */
export async function inSnapshot<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin transaction isolation level repeatable read, read only');
  const result = await work();
  await client.query('commit');
  return result;
}
