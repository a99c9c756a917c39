import { WEBHOOK_EVENTS } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Transaction } from '../database';
import { PARTNER_WALLET, readWallet, statusShown } from '../ledger';
import type { FailingWebhook, PartnerFacts } from './facts';
import { dueWords } from '../payments/connect/standing';
import { troubledPayments, waitingEvents } from '../payments/troubled';
import { failingEndpoints } from './failing';

const OF_BALANCES = WEBHOOK_EVENTS.filter((event) => event.startsWith('balance.'));

/** Everything the doctor looks at of a partner, but its customers. */
export async function gatherPartner(
  transaction: Transaction,
  partnerId: string,
  takesPayments: boolean | null,
): Promise<PartnerFacts> {
  const { wallet, now } = await readWallet(transaction, partnerId, PARTNER_WALLET);
  const row = await readSettings(transaction, partnerId);
  return {
    now,
    alerts: {
      slackChannel: row.has_channel,
      emails: row.emails,
      listeners: row.listeners,
      wanted: row.wanted,
      deadRoutes: row.dead_routes,
      deadReason: row.dead_reason,
      undelivered: row.undelivered,
    },
    slack: {
      isConnected: row.is_bound || row.was_installed,
      isGone: row.was_installed && !row.is_installed,
      owners: row.owners,
    },
    webhooks: { count: row.webhooks, failing: await failingWebhooks(transaction, partnerId) },
    endpoints: await readEndpoints(transaction, partnerId),
    failing: await failingEndpoints(transaction, partnerId),
    wallet: { posted: wallet.posted, status: statusShown(wallet), isDrawnOn: row.is_drawn_on },
    suspended: row.suspended,
    payments: {
      isOn: takesPayments,
      troubled: await troubledPayments(transaction, partnerId),
      waiting: await waitingEvents(transaction, partnerId),
      differing: await readDiffering(transaction, partnerId),
      account: await readAccount(transaction, partnerId),
      untold: await readUntold(transaction, partnerId),
    },
  };
}

async function readSettings(transaction: Transaction, partnerId: string) {
  const [row] = await transaction.query<{
    has_channel: boolean;
    emails: number;
    dead_routes: number;
    dead_reason: string | null;
    undelivered: number;
    listeners: number;
    wanted: number;
    is_bound: boolean;
    was_installed: boolean;
    is_installed: boolean;
    owners: number;
    webhooks: number;
    is_drawn_on: boolean;
    suspended: number;
  }>(
    `select p.slack_channel is not null as has_channel, cardinality(p.alert_emails) as emails,
            (select count(*)::int from talktime.alert_routes r where r.partner_id = $1) as dead_routes,
            (select r.reason from talktime.alert_routes r where r.partner_id = $1 order by r.dead_at limit 1) as dead_reason,
            (select count(*)::int from talktime.alert_messages m
             where m.partner_id = $1 and m.dead_at >= talktime.clock() - interval '7 days') as undelivered,
            (select count(*)::int from talktime.webhooks w where w.partner_id = $1 and w.events && $2::text[]) as listeners,
            p.low_credit_notifications_enabled::int
              + (select count(*)::int from talktime.customers c where c.partner_id = $1 and c.low_credit_notifications_enabled) as wanted,
            p.slack_team_id is not null as is_bound,
            exists (select from talktime.slack_installations i where i.partner_id = $1) as was_installed,
            exists (select from talktime.slack_installations i where i.partner_id = $1 and i.gone_at is null) as is_installed,
            (select count(*)::int from talktime.slack_roles r where r.partner_id = $1 and r.role = 'owner') as owners,
            (select count(*)::int from talktime.webhooks w where w.partner_id = $1) as webhooks,
            p.track_cost or p.funding = 'allocated' or exists (
              select from talktime.customers c
              where c.partner_id = $1 and (not c.ai_credits_enabled or c.shortfall_policy = 'partner')) as is_drawn_on,
            (select count(*)::int from talktime.calls where partner_id = $1 and state = 'suspense') as suspended
     from talktime.partners p
     where p.partner_id = $1`,
    [partnerId, OF_BALANCES],
  );
  if (!row) throw new TalktimeError('PARTNER_NOT_FOUND', 'There is no such partner.');
  return row;
}

function failingWebhooks(transaction: Transaction, partnerId: string): Promise<FailingWebhook[]> {
  return transaction.query<FailingWebhook & Record<string, unknown>>(
    `select w.webhook_id as id, w.description, count(*)::int as failed,
            (array_agg(d.last_error order by d.dead_at desc))[1] as "lastError"
     from talktime.webhooks w
     join talktime.webhook_deliveries d using (partner_id, webhook_id)
     where w.partner_id = $1 and d.dead_at >= talktime.clock() - interval '7 days'
     group by w.webhook_id, w.description
     order by count(*) desc, w.webhook_id`,
    [partnerId],
  );
}

/** What the newest comparison with Stripe left; null when it left nothing. */
async function readDiffering(
  transaction: Transaction,
  partnerId: string,
): Promise<PartnerFacts['payments']['differing']> {
  const [row] = await transaction.query<{ count: number; first: { title: string; detail: string; next: string } }>(
    `select differences as count, report #> '{differences,0}' as first
     from talktime.payment_reports
     where partner_id = $1
     order by at desc
     limit 1`,
    [partnerId],
  );
  return row && row.count > 0 ? { count: row.count, ...row.first } : null;
}

async function readAccount(transaction: Transaction, partnerId: string): Promise<PartnerFacts['payments']['account']> {
  const [row] = await transaction.query<{
    charges_enabled: boolean;
    account_refusal: string | null;
    account_due: string[];
  }>(
    `select charges_enabled, account_refusal, account_due
     from talktime.payment_settings
     where partner_id = $1 and sells_on = 'own' and stripe_account is not null and disconnected_at is null`,
    [partnerId],
  );
  if (!row) return null;
  return { chargesEnabled: row.charges_enabled, refusal: row.account_refusal, due: dueWords(row.account_due) };
}

async function readUntold(transaction: Transaction, partnerId: string): Promise<PartnerFacts['payments']['untold']> {
  const rows = await transaction.query<{ first: string; error: string }>(
    `select distinct on (c.customer_id) c.name as first, s.last_error as error
     from talktime.metered_stretches s
     join talktime.customers c using (partner_id, wallet_id)
     where partner_id = $1 and s.last_error is not null
     order by c.customer_id, s.stretch desc`,
    [partnerId],
  );
  return rows[0] ? { count: rows.length, ...rows[0] } : null;
}

/** When each account last delivered, by what the inbox still keeps. */
async function readEndpoints(transaction: Transaction, partnerId: string): Promise<PartnerFacts['endpoints']> {
  const rows = await transaction.query<{ provider: string; account: string; created_at: Date; last_at: Date | null }>(
    `select e.provider, e.account, e.created_at,
            (select max(i.received_at) from talktime.inbox i where i.partner_id = $1 and i.endpoint_id = e.endpoint_id) as last_at
     from talktime.endpoints e
     where e.partner_id = $1
     order by e.created_at, e.endpoint_id`,
    [partnerId],
  );
  return rows.map((row) => ({
    provider: row.provider,
    account: row.account,
    createdAt: row.created_at.getTime(),
    lastAt: row.last_at?.getTime() ?? null,
  }));
}
