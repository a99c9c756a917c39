/**
 * Works out from the postings alone which alerts there had to be (money-rules 20), and holds the outbox against them:
 * an alert is written in the transaction of the posting that crossed a level, so after a crash there is neither a
 * crossing without its alert nor an alert without its crossing.
 *
 * It counts on settings that were made before a wallet's first posting and never changed.
 */
import type { Client } from 'pg';

const ORDER = ['ok', 'low', 'critical', 'exhausted'] as const;
type Status = (typeof ORDER)[number];

interface Level {
  readonly status: Status;
  readonly at: number;
}

interface Wallet {
  readonly name: string;
  readonly levels: readonly Level[];
  readonly notify: boolean;
  readonly stored: string;
  status: Status;
  told: Status;
  episode: number;
  readonly due: string[];
}

/** Microcredits stay below 2^53 here, so numbers hold them exactly. */
const CREDIT = 1_000_000;

export async function auditAlerts(client: Client): Promise<string[]> {
  const wallets = await readWallets(client);
  for (const { wallet, sequence, balance } of await readBalances(client)) step(wallets.get(wallet)!, sequence, balance);
  const outbox = await readOutbox(client);
  return [...wallets].flatMap(([id, wallet]) => {
    const written = outbox.get(id) ?? [];
    const missing = wallet.due.filter((alert) => !written.includes(alert));
    const extra = written.filter((alert) => !wallet.due.includes(alert));
    const state = `${wallet.status} told ${wallet.told} episode ${wallet.episode}`;
    return [
      ...missing.slice(0, 3).map((alert) => `broken: every crossing has its alert: ${wallet.name} lacks ${alert}`),
      ...extra.slice(0, 3).map((alert) => `broken: every alert has its crossing: ${wallet.name} has ${alert} too many`),
      ...(written.length === new Set(written).size ? [] : [`broken: no alert is there twice: ${wallet.name}`]),
      ...(state === wallet.stored
        ? []
        : [`broken: the stored status of ${wallet.name}: "${wallet.stored}" instead of "${state}"`]),
    ];
  });
}

/** One operation's effect on a wallet: what must be told because of it. */
function step(wallet: Wallet, sequence: string, balance: number): void {
  const status = statusAt(balance, wallet.levels, wallet.status);
  const worse = ORDER.indexOf(status) > ORDER.indexOf(wallet.told);
  const better = ORDER.indexOf(status) < ORDER.indexOf(wallet.told);
  wallet.status = status;
  const tell = (event: string) => wallet.due.push(`${event} at posting ${sequence} in episode ${wallet.episode}`);
  if (status === 'ok') {
    if (wallet.told === 'ok') return;
    tell('recovered');
    wallet.told = 'ok';
    wallet.episode++;
  } else if (worse && wallet.notify) {
    tell(status);
    wallet.told = status;
  } else if (better) {
    tell('improved');
    wallet.told = status;
  }
}

/** The worst level that the balance is at, or is not yet clear of: a tenth above it, and a credit at least. */
function statusAt(balance: number, levels: readonly Level[], before: Status): Status {
  let status: Status = 'ok';
  for (const level of levels) {
    const clear = level.at + Math.max(CREDIT, Math.floor(Math.max(0, level.at) / 10));
    const stays = ORDER.indexOf(before) >= ORDER.indexOf(level.status) && balance <= clear;
    if ((balance <= level.at || stays) && ORDER.indexOf(level.status) > ORDER.indexOf(status)) status = level.status;
  }
  return status;
}

async function readWallets(client: Client): Promise<Map<string, Wallet>> {
  const { rows } = await client.query<{
    wallet: string;
    name: string;
    threshold: string | null;
    notify: boolean;
    stored: string;
  }>(
    `select w.partner_id || '/' || w.wallet_id as wallet, coalesce(c.customer_id, 'the partner ' || p.name) as name,
            (case when w.wallet_id = 0 then p.low_credit_threshold else c.low_credit_threshold end)::text as threshold,
            case when w.wallet_id = 0 then p.low_credit_notifications_enabled else c.low_credit_notifications_enabled end as notify,
            format('%s told %s episode %s', w.status, w.told, w.episode) as stored
     from talktime.wallets w
     join talktime.partners p using (partner_id)
     left join talktime.customers c using (partner_id, wallet_id)`,
  );
  return new Map(
    rows.map(({ wallet, name, threshold, notify, stored }) => [
      wallet,
      {
        name,
        notify,
        stored,
        levels: [
          ...(threshold === null ? [] : [{ status: 'low' as const, at: Number(threshold) }]),
          { status: 'exhausted' as const, at: 0 },
        ],
        status: 'ok',
        told: 'ok',
        episode: 1,
        due: [],
      },
    ]),
  );
}

/** The balance of each wallet after each operation, in order: an alert is weighed once an operation, at its end. */
async function readBalances(client: Client): Promise<{ wallet: string; sequence: string; balance: number }[]> {
  const { rows } = await client.query<{ wallet: string; sequence: string; balance: string }>(
    `select partner_id || '/' || wallet_id as wallet, max(sequence)::text as sequence, (array_agg(balance order by sequence desc))[1]::text as balance
     from (select partner_id, debit_account as wallet_id, debit_sequence as sequence, debit_balance as balance, operation_id
           from talktime.transfers where debit_account >= 0
           union all
           select partner_id, credit_account, credit_sequence, credit_balance, operation_id
           from talktime.transfers where credit_account >= 0) as entries
     group by partner_id, wallet_id, operation_id
     order by partner_id, wallet_id, max(sequence)`,
  );
  return rows.map((row) => ({ ...row, balance: Number(row.balance) }));
}

async function readOutbox(client: Client): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ wallet: string; alerts: string[] }>(
    `select partner_id || '/' || wallet_id as wallet, array_agg(format('%s at posting %s in episode %s', event, sequence, episode)) as alerts
     from talktime.outbox group by partner_id, wallet_id`,
  );
  return new Map(rows.map(({ wallet, alerts }) => [wallet, alerts]));
}
