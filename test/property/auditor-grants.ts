import type { Query } from './auditor';

/**
 * What the rows say of the grants, from entry zero: what each has left by what every posting burned, gave back and
 * settled, what no grant backs, and that both together are the balance (rules 15 to 18). Shares no code with core.
 */
interface GrantRow {
  wallet_id: number;
  grant_no: number;
  amount: string;
  expired: string;
}
interface DebitRow {
  wallet_id: number;
  sequence: string;
  amount: string;
  burned: string | null;
  expires: boolean;
}
interface ChangeRow {
  wallet_id: number;
  of_sequence: string;
  grant_no: number | null;
  amount: string;
}
interface WalletRow {
  wallet_id: number;
  posted: string;
  lots: { grant: number; left: number; starts?: number }[];
}

export async function auditGrants(query: Query, partnerId: string): Promise<string[]> {
  const of = <Row extends object>(sql: string) => query<Row>(sql, [partnerId]);
  const wallets = await of<WalletRow>('select wallet_id, posted, lots from talktime.wallets where partner_id = $1');
  const grants = await of<GrantRow>(
    'select wallet_id, grant_no, amount, expired from talktime.grants where partner_id = $1',
  );
  const debits = await of<DebitRow>(
    `select debit_account as wallet_id, debit_sequence as sequence, amount, burned, credit_account = -5 as expires
     from talktime.transfers where partner_id = $1 and debit_account >= 0`,
  );
  const changes = await of<ChangeRow>(
    'select wallet_id, of_sequence, grant_no, amount from talktime.burn_changes where partner_id = $1',
  );
  const open = await of<{ wallet_id: number; of_sequence: string; amount: string }>(
    'select wallet_id, of_sequence, amount from talktime.unbacked where partner_id = $1',
  );
  return wallets.flatMap((wallet) => {
    const own = <Row extends { wallet_id: number }>(rows: readonly Row[]) =>
      rows.filter((row) => row.wallet_id === wallet.wallet_id);
    return auditWallet(wallet, own(grants), own(debits), own(changes), own(open));
  });
}

function auditWallet(
  wallet: WalletRow,
  grants: readonly GrantRow[],
  debits: readonly DebitRow[],
  changes: readonly ChangeRow[],
  stored: readonly { of_sequence: string; amount: string }[],
): string[] {
  const wrong: string[] = [];
  const name = `wallet ${wallet.wallet_id}`;
  const left = new Map(grants.map((grant) => [grant.grant_no, BigInt(grant.amount)]));
  const expired = new Map<number, bigint>();
  const open = new Map<string, bigint>();
  const lower = (grant: number, by: bigint) => left.set(grant, (left.get(grant) ?? 0n) - by);
  for (const debit of debits) {
    let rest = BigInt(debit.amount);
    for (const part of debit.burned?.split(',') ?? []) {
      const [grant, amount] = part.split(':') as [string, string];
      lower(Number(grant), BigInt(amount));
      rest -= BigInt(amount);
      if (debit.expires) expired.set(Number(grant), (expired.get(Number(grant)) ?? 0n) + BigInt(amount));
    }
    open.set(debit.sequence, rest);
  }
  for (const { of_sequence: of, grant_no: grant, amount: text } of changes) {
    const amount = BigInt(text);
    if (grant !== null) lower(grant, amount);
    if (grant === null || amount > 0n) open.set(of, open.get(of)! - (amount < 0n ? -amount : amount));
  }

  for (const grant of grants) {
    const [after, gone] = [left.get(grant.grant_no)!, expired.get(grant.grant_no) ?? 0n];
    if (after < 0n || after > BigInt(grant.amount)) wrong.push(`${name}, grant ${grant.grant_no}: ${after} left of it`);
    if (gone !== BigInt(grant.expired))
      wrong.push(`${name}, grant ${grant.grant_no}: ${grant.expired} expired, ${gone} by its postings`);
    const lot = wallet.lots.find((each) => each.grant === grant.grant_no);
    if (BigInt(lot?.left ?? 0) !== after)
      wrong.push(`${name}, grant ${grant.grant_no}: a lot of ${lot?.left ?? 0}, ${after} by its postings`);
  }
  if (left.size !== grants.length) wrong.push(`${name}: a grant was burned that is not there`);
  const due = [...open].filter(([, amount]) => amount !== 0n).map(([sequence, amount]) => `${sequence}:${amount}`);
  const said = stored.map((row) => `${row.of_sequence}:${row.amount}`);
  if (due.sort().join() !== said.sort().join())
    wrong.push(`${name}: unbacked are ${said.join()}, by its postings ${due.join()}`);
  const waiting = wallet.lots.filter((lot) => lot.starts !== undefined).map((lot) => lot.grant);
  let backed = 0n;
  for (const [grant, amount] of left) if (!waiting.includes(grant)) backed += amount;
  for (const amount of open.values()) backed -= amount;
  if (backed !== BigInt(wallet.posted))
    wrong.push(`${name}: ${wallet.posted} posted, and its grants come to ${backed}`);
  return wrong;
}
