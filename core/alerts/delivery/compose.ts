import type { Database, Transaction } from '../../database';
import { creditsToMoney, micro, type Microcredits } from '../../money';
import { rearmLevel, type Status } from '../levels';
import type {
  AlertContent,
  AlertDelivery,
  AlertEvent,
  AlertNotice,
  BalanceNotice,
  DeadRoute,
  Thread,
  ThreadEntry,
} from '../notice';
import { parseRoute } from '../routes';
import { readMargin, readStanding, type Standing } from '../standing';
import type { Claim } from './claim';
import { readPaymentNotice } from './read-payment';
import { readStates, type WalletAlertState } from './states';
import { isMargin } from './timing';

/** What a claimed message is to show and say, from the state of this moment. */
export async function composeDelivery(database: Database, claim: Claim): Promise<AlertDelivery> {
  return database.asPartner(claim.partnerId, async (transaction) => {
    const { partnerId, messageId, version, previous, inDoubt, doubled, audience } = claim;
    const content = await readContent(transaction, claim);
    const entries = previous === null ? [] : await readEntries(transaction, claim);
    return {
      partnerId,
      messageId,
      version,
      route: parseRoute(claim.route),
      audience,
      content,
      previous,
      thread: previous === null ? null : threadOf(content, entries),
      doubtful: inDoubt,
      doubled: doubled || (inDoubt && previous === null),
    };
  });
}

function threadOf(content: AlertContent, entries: Awaited<ReturnType<typeof readEntries>>): Thread | null {
  // All that is told of a payment is worth a notification, which an update is not.
  if (content.kind === 'payment') return content.news.length === 0 ? null : { entries: [], broadcast: true };
  return entries.length === 0
    ? null
    : { entries: entries.map(({ entry }) => entry), broadcast: entries.some(({ broadcast }) => broadcast) };
}

async function readContent(transaction: Transaction, claim: Claim): Promise<AlertContent> {
  switch (claim.kind) {
    case 'episode': {
      const [notice] = await readNotices(transaction, claim);
      if (!notice) throw new Error('The message is about no episode');
      return { kind: 'episode', notice };
    }
    case 'digest':
      return { kind: 'digest', notices: await readNotices(transaction, claim) };
    case 'route_dead':
      return { kind: 'route_dead', dead: await readDeadRoute(transaction, claim) };
    case 'payment': {
      const { payment_id: paymentId } = claim.about as { payment_id: string };
      const range = { after: claim.shown, upTo: claim.version };
      return { kind: 'payment', ...(await readPaymentNotice(transaction, claim.partnerId, paymentId, range)) };
    }
    case 'test': {
      const { by } = claim.about as { by: string };
      return { kind: 'test', by, at: claim.createdAt };
    }
  }
}

interface MemberRow {
  wallet_id: number;
  episode: number;
  event: AlertEvent;
  detail: string | null;
  at: Date;
  sequence: bigint;
  began_at: Date;
  current_episode: number;
  shows_pricing: boolean;
  credit_value: bigint;
}

async function readNotices(transaction: Transaction, { partnerId, messageId }: Claim): Promise<AlertNotice[]> {
  const members = await transaction.query<MemberRow & Record<string, unknown>>(
    `select b.wallet_id, b.episode, b.event, b.detail, b.at, b.sequence, b.began_at,
            w.episode as current_episode, coalesce(c.show_pricing_information, false) as shows_pricing, p.credit_value
     from talktime.alert_members b
     join talktime.wallets w using (partner_id, wallet_id)
     join talktime.partners p using (partner_id)
     left join talktime.customers c using (partner_id, wallet_id)
     where b.partner_id = $1 and b.message_id = $2
     order by b.began_at, b.wallet_id, b.episode`,
    [partnerId, messageId],
  );
  const states = await readStates(
    transaction,
    partnerId,
    members.map((row) => row.wallet_id),
  );
  return Promise.all(members.map((row) => readNotice(transaction, partnerId, row, states.get(row.wallet_id))));
}

async function readNotice(
  transaction: Transaction,
  partnerId: string,
  row: MemberRow,
  state: WalletAlertState | undefined,
): Promise<AlertNotice> {
  const { wallet_id: walletId, episode, event, detail, at } = row;
  const standing = await standingAt(transaction, partnerId, row);
  const [highest] = standing.levels;
  const told: Omit<BalanceNotice, 'event' | 'margin'> = {
    ...standing,
    partnerId,
    walletId,
    episode,
    at,
    detail,
    since: row.began_at,
    closesAbove: highest === undefined ? null : rearmLevel(highest.at),
    showsPricing: row.shows_pricing,
    snoozed: state?.snooze ?? null,
    acknowledged: state?.acknowledged?.episode === episode ? state.acknowledged : null,
  };
  if (isMargin(event)) {
    const margin = await readMargin(transaction, partnerId, standing.customerId);
    return { ...told, event: event as 'margin_low', margin };
  }
  return { ...told, event: event as BalanceNotice['event'], margin: null };
}

/** How the wallet stands now; when its episode is over and another began, how it stood when this one ended. */
async function standingAt(transaction: Transaction, partnerId: string, row: MemberRow): Promise<Standing> {
  const standing = await readStanding(transaction, partnerId, row.wallet_id);
  if (row.event !== 'recovered') return standing;
  if (row.current_episode <= row.episode + 1 && standing.status === 'ok') return standing;
  const posted = await balanceAt(transaction, partnerId, row.wallet_id, row.sequence);
  const money = creditsToMoney(posted, row.credit_value);
  return { ...standing, status: 'ok', posted, money, minutesLeft: null, runway: null };
}

/** The posted balance after a posting of a wallet. */
async function balanceAt(
  transaction: Transaction,
  partnerId: string,
  walletId: number,
  sequence: bigint,
): Promise<Microcredits> {
  const [row] = await transaction.query<{ balance: bigint }>(
    `select debit_balance as balance from talktime.transfers where partner_id = $1 and debit_account = $2 and debit_sequence = $3
     union all
     select credit_balance from talktime.transfers where partner_id = $1 and credit_account = $2 and credit_sequence = $3`,
    [partnerId, walletId, sequence],
  );
  return micro(row?.balance ?? 0n);
}

async function readEntries(
  transaction: Transaction,
  { partnerId, messageId, version, shown }: Claim,
): Promise<{ entry: ThreadEntry; broadcast: boolean }[]> {
  const rows = await transaction.query<{
    wallet_id: number;
    event: ThreadEntry['event'];
    detail: string | null;
    at: Date;
    sequence: bigint;
    broadcast: boolean;
    customer_id: string | null;
    name: string;
    status: Status;
  }>(
    `select e.wallet_id, e.event, e.detail, e.at, e.sequence, e.broadcast, c.customer_id, coalesce(c.name, p.name) as name, w.status
     from talktime.alert_entries e
     join talktime.partners p using (partner_id)
     join talktime.wallets w using (partner_id, wallet_id)
     left join talktime.customers c using (partner_id, wallet_id)
     where e.partner_id = $1 and e.message_id = $2 and e.version > $3 and e.version <= $4
     order by e.at, e.sequence, e.entry_id`,
    [partnerId, messageId, shown, version],
  );
  return Promise.all(
    rows.map(async ({ wallet_id, event, detail, at, sequence, broadcast, customer_id: customerId, name, status }) => ({
      broadcast,
      entry: {
        event,
        detail,
        at,
        name,
        customerId,
        status: statusAfter(event, status),
        posted: await balanceAt(transaction, partnerId, wallet_id, sequence),
      },
    })),
  );
}

function statusAfter(event: ThreadEntry['event'], now: Status): Status {
  if (event === 'low' || event === 'critical' || event === 'exhausted') return event;
  return event === 'recovered' ? 'ok' : now;
}

async function readDeadRoute(transaction: Transaction, { partnerId, about }: Claim): Promise<DeadRoute> {
  const {
    route: text,
    audience,
    reason,
    at,
  } = about as {
    route: string;
    audience: DeadRoute['audience'];
    reason: string;
    at: string;
  };
  const route = parseRoute(text);
  const [customer] = await transaction.query<{ id: string; name: string }>(
    `select c.customer_id as id, c.name
     from talktime.customers c
     where c.partner_id = $1 and $4 = 'customer'
       and (c.alert_emails @> array[$3::text]
            or exists (select from talktime.slack_channels s
                       where s.partner_id = $1 and s.customer_id = c.customer_id and s.channel_id = $2))
     limit 1`,
    [partnerId, route.kind === 'slack' ? route.channel : '', route.kind === 'email' ? route.address : '', audience],
  );
  return { route, audience, reason, at: new Date(at), customer: customer ?? null };
}
