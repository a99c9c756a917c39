/** Holds the ledger against what the clients were answered. */
import type { Client } from 'pg';
import { inSnapshot } from './auditor';
import type { Book, Effect, Entry, Micro, Partner } from './book';

const AT_ONCE = 5_000;
/** Operations whose key follows from the call. */
const OF_CALLS: readonly string[] = ['call', 'reassign', 'authorize', 'extend', 'release'];

interface Posted {
  readonly operationId: string;
  readonly kind: string;
  readonly key: string;
  /** By wallet: what it did, and the balance after it. */
  readonly did: ReadonlyMap<number, { amount: Micro; balance: Micro }>;
}

/** Each acknowledged request is in the ledger, once, and did what its answer said. */
export async function checkAcknowledged(client: Client, entries: readonly Entry[]): Promise<string[]> {
  const findings: string[] = [];
  for (const [partner, mine] of byPartner(entries)) {
    const wallets = await walletsOf(client, partner);
    for (let start = 0; start < mine.length; start += AT_ONCE) {
      const some = mine.slice(start, start + AT_ONCE);
      const byId = await postedById(
        client,
        partner,
        some.map(operationOf).filter((id) => id !== undefined),
      );
      const byCall = await postedByCall(
        client,
        partner,
        some.flatMap((entry) => entry.call?.id ?? []),
      );
      for (const entry of some) findings.push(...judge(entry, byId, byCall, wallets));
    }
  }
  return findings;
}

function judge(
  entry: Entry,
  byId: ReadonlyMap<string, Posted>,
  byCall: ReadonlyMap<string, readonly Posted[]>,
  wallets: ReadonlyMap<string, number>,
): string[] {
  const { call } = entry;
  const id = operationOf(entry);
  if (id === undefined && call?.revision == null) return []; // posts nothing
  const posted = id !== undefined ? byId.get(id) : byCall.get(call!.id)?.[call!.revision! - 1];
  if (!posted) return [`lost: ${entry} was acknowledged and is not in the ledger`];
  const { body } = entry.answer!;
  const walletOf = ({ customerId }: Effect) => (customerId === null ? 0 : wallets.get(customerId)!);
  const wrong = entry
    .effects(entry.answer!)
    .filter((effect) => effect.amount !== (posted.did.get(walletOf(effect))?.amount ?? 0n))
    .map(
      (effect) =>
        `other: ${entry} answered ${effect.amount} for ${effect.customerId ?? 'the partner'}, posted ${posted.did.get(walletOf(effect))?.amount}`,
    );
  const after =
    body?.wallet &&
    !body.hold &&
    posted.did.get(body.wallet === 'partner' ? 0 : wallets.get(body.customer_id)!)?.balance;
  if (typeof after === 'bigint' && after !== BigInt(Math.round(body.balance_after * 1e6)))
    wrong.push(`other: ${entry} answered a balance of ${body.balance_after}, posted ${after}`);
  const hasKey = !['call', 'webhook', 'assign', 'reassign', 'authorize', 'release'].includes(entry.kind);
  if (hasKey && (posted.key !== entry.key || posted.kind !== entry.kind))
    wrong.push(`other: ${entry} is in the ledger as ${posted.kind} ${posted.key}`);
  return wrong;
}

/** What was refused, and by every attempt for sure, changed nothing. */
export async function checkRefused(client: Client, entries: readonly Entry[]): Promise<string[]> {
  const findings: string[] = [];
  for (const [partner, mine] of byPartner(entries)) {
    const keys = mine.map((entry) => entry.key);
    const { rows } = await client.query<{ key: string }>(
      'select key from talktime.operations where partner_id = $1 and key = any($2)',
      [partner.id, keys],
    );
    findings.push(...rows.map(({ key }) => `half done: ${key} of ${partner.name} was refused, and is in the ledger`));
  }
  return findings;
}

/** At the end: the ledger holds what was asked for and nothing else, and every wallet what its clients were told. */
export async function checkBook(client: Client, book: Book, partners: readonly Partner[]): Promise<string[]> {
  return inSnapshot(client, async () => {
    const findings: string[] = [];
    for (const partner of partners) {
      const expected = book.balances(partner);
      const { rows } = await client.query<{ customer_id: string | null; posted: string }>(
        `select c.customer_id, w.posted::text from talktime.wallets w left join talktime.customers c using (partner_id, wallet_id) where w.partner_id = $1`,
        [partner.id],
      );
      for (const { customer_id, posted } of rows) {
        const told = expected.get(customer_id) ?? 0n;
        if (BigInt(posted) !== told)
          findings.push(`${customer_id ?? `the partner ${partner.name}`} holds ${posted}; the answers come to ${told}`);
      }
      const mine = book.entries.filter((entry) => entry.partner === partner);
      const keys = new Set(mine.map((entry) => entry.key));
      const calls = new Set(mine.map((entry) => entry.call?.id ?? entry.key));
      const unknown = await client.query<{ kind: string; key: string; call: string | null }>(
        `select o.kind, o.key, coalesce(c.provider_call_id, h.provider_call_id) as call
         from talktime.operations o left join talktime.calls c using (partner_id, call_id) left join talktime.holds h using (partner_id, call_id)
         where o.partner_id = $1`,
        [partner.id],
      );
      for (const { kind, key, call } of unknown.rows) {
        const asked = OF_CALLS.includes(kind) ? calls.has(call ?? '') : keys.has(key);
        if (!asked) findings.push(`nobody asked for the ${kind} ${key} of ${partner.name}`);
      }
    }
    return findings;
  });
}

function operationOf(entry: Entry): string | undefined {
  return entry.answer?.body?.operation_id;
}

function byPartner(entries: readonly Entry[]): Map<Partner, Entry[]> {
  const groups = new Map<Partner, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.partner);
    if (group) group.push(entry);
    else groups.set(entry.partner, [entry]);
  }
  return groups;
}

async function walletsOf(client: Client, partner: Partner): Promise<Map<string, number>> {
  const { rows } = await client.query<{ customer_id: string; wallet_id: number }>(
    'select customer_id, wallet_id from talktime.customers where partner_id = $1',
    [partner.id],
  );
  return new Map(rows.map((row) => [row.customer_id, row.wallet_id]));
}

const POSTED = `
  select o.operation_id, o.kind, o.key, c.provider_call_id as call,
         coalesce(jsonb_agg(jsonb_build_array(t.debit_account, (-t.amount)::text, t.debit_balance::text, t.debit_sequence)) filter (where t.debit_account >= 0), '[]')
      || coalesce(jsonb_agg(jsonb_build_array(t.credit_account, t.amount::text, t.credit_balance::text, t.credit_sequence)) filter (where t.credit_account >= 0), '[]') as sides
  from talktime.operations o
  left join talktime.transfers t using (partner_id, operation_id)
  left join talktime.calls c using (partner_id, call_id)`;

interface PostedRow {
  operation_id: string;
  kind: string;
  key: string;
  call: string | null;
  sides: [wallet: number, amount: string, balance: string, sequence: number][];
}

async function postedById(client: Client, partner: Partner, ids: string[]): Promise<Map<string, Posted>> {
  const { rows } = await client.query<PostedRow>(
    `${POSTED} where o.partner_id = $1 and o.operation_id = any($2::uuid[]) group by o.partner_id, o.operation_id, c.provider_call_id`,
    [partner.id, ids],
  );
  return new Map(rows.map((row) => [row.operation_id, readPosted(row)]));
}

/** The postings of calls, by the provider's id, in the order of their revisions. */
async function postedByCall(client: Client, partner: Partner, calls: string[]): Promise<Map<string, Posted[]>> {
  const { rows } = await client.query<PostedRow>(
    `${POSTED} where o.partner_id = $1 and o.kind in ('call', 'reassign') and c.provider_call_id = any($2)
     group by o.partner_id, o.operation_id, c.provider_call_id
     order by c.provider_call_id, o.at, length(o.key), o.key`,
    [partner.id, calls],
  );
  const found = new Map<string, Posted[]>();
  for (const row of rows) {
    const before = found.get(row.call!);
    if (before) before.push(readPosted(row));
    else found.set(row.call!, [readPosted(row)]);
  }
  return found;
}

function readPosted({ operation_id, kind, key, sides }: PostedRow): Posted {
  const did = new Map<number, { amount: Micro; balance: Micro }>();
  for (const [wallet, amount, balance] of sides.toSorted((a, b) => a[3] - b[3])) {
    did.set(wallet, { amount: (did.get(wallet)?.amount ?? 0n) + BigInt(amount), balance: BigInt(balance) });
  }
  return { operationId: operation_id, kind, key, did };
}
