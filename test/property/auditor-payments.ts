import type { Query } from './auditor';

/**
 * What the rows say of payments, from entry zero: what was credited, taken back and given back of each part, what is held
 * for disputes, and that the wallets say the same. Shares no code with core.
 */
interface PartRow {
  payment: string;
  part: string;
  wallet_id: number;
  operation_id: string;
  credits: string;
  refund_taken: string;
  dispute_taken: string;
  disputed: string;
  open_disputes: number;
  revision: number;
}
interface MovedRow {
  /** What it credited, or took back of. */
  of: string;
  kind: string;
  key: string;
  debit_account: number | null;
  credit_account: number | null;
  amount: string | null;
}
interface WalletRow {
  wallet_id: number;
  disputed: string;
  open_disputes: number;
}

const EXPIRY = -5;

export async function auditPayments(query: Query, partnerId: string): Promise<string[]> {
  const of = <Row extends object>(sql: string) => query<Row>(sql, [partnerId]);
  const parts = await of<PartRow>('select * from talktime.payment_credits where partner_id = $1');
  const moved = await of<MovedRow>(
    `select coalesce(o.reverses, o.operation_id) as of, o.kind, o.key, t.debit_account, t.credit_account, t.amount
     from talktime.operations o
     left join talktime.transfers t using (partner_id, operation_id)
     where o.partner_id = $1 and (o.kind in ('payment', 'refund', 'dispute') or o.result ? 'payment')`,
  );
  const wallets = await of<WalletRow>(
    'select wallet_id, disputed, open_disputes from talktime.wallets where partner_id = $1',
  );
  const known = new Set(parts.map((part) => part.operation_id));
  const strays = moved.filter((row) => !known.has(row.of)).map((row) => `${row.kind} ${row.key}: of no payment`);
  return [
    ...strays,
    ...parts.flatMap((part) => auditPart(part, moved)),
    ...wallets.flatMap((one) => auditHeld(one, parts)),
  ];
}

function auditPart(part: PartRow, moved: readonly MovedRow[]): string[] {
  const name = part.part === 'paid' ? part.payment : `${part.payment}:${part.part}`;
  const own = moved.filter((row) => row.of === part.operation_id);
  const sum = (kinds: readonly string[]) =>
    own
      .filter((row) => kinds.includes(row.kind) && row.credit_account !== EXPIRY)
      .reduce((total, row) => {
        const amount = BigInt(row.amount ?? 0);
        if (row.debit_account === part.wallet_id) return total - amount;
        return row.credit_account === part.wallet_id ? total + amount : total;
      }, 0n);
  const wrong: string[] = [];
  const compare = (what: string, says: string, comes: bigint) => {
    if (BigInt(says) !== comes) wrong.push(`payment ${name}: ${what} says ${says}, comes to ${comes}`);
  };
  compare('credits', part.credits, sum(['payment', 'top_up']));
  compare('refunds', part.refund_taken, -sum(['refund']));
  compare('disputes', part.dispute_taken, -sum(['dispute']));
  const all = BigInt(part.refund_taken) + BigInt(part.dispute_taken) + BigInt(part.disputed);
  if (all > BigInt(part.credits)) wrong.push(`payment ${name}: ${all} taken and held of ${part.credits}`);
  const keys = new Set(own.filter((row) => row.kind === 'refund' || row.kind === 'dispute').map((row) => row.key));
  for (let step = 1; step <= part.revision; step++)
    if (!keys.delete(`${name}:${step}`)) wrong.push(`payment ${name}: no step ${step}`);
  if (keys.size > 0) wrong.push(`payment ${name}: steps beyond its revision: ${[...keys].join()}`);
  return wrong;
}

function auditHeld(wallet: WalletRow, parts: readonly PartRow[]): string[] {
  const own = parts.filter((part) => part.wallet_id === wallet.wallet_id);
  const disputed = own.reduce((sum, part) => sum + BigInt(part.disputed), 0n);
  const open = own.reduce((sum, part) => sum + part.open_disputes, 0);
  return disputed === BigInt(wallet.disputed) && open === wallet.open_disputes
    ? []
    : [
        `wallet ${wallet.wallet_id}: ${wallet.disputed} in ${wallet.open_disputes} disputes, its payments ${disputed} in ${open}`,
      ];
}
