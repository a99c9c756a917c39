import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { audit } from '../access/audit';
import type { LevelJson } from '../alerts/levels';
import { claimSlackWorkspace } from '../access/slack/binding';
import { parseCreditsFromZero, USUAL_REFUSAL, type Partner, type partnerCreate, type partnerUpdate } from '../contract';
import { TalktimeError } from '../contract/errors';
import type { Database, Transaction } from '../database';
import { loadRates, lockPartner, PARTNER_WALLET, type Actor } from '../ledger';
import { toJsonNumber, type Microcredits } from '../money';
import { reevaluateAlerts, reevaluateDefaults } from './alerts';
import { readWallet, toBalance } from './balances';
import { changeFunding } from './funding';
import { parseLevels, toLevels } from './levels';
import { addRateVersion, parseCreditValue, toRateVersion } from './rates';

const USUAL_CREDIT_VALUE = '0.01';

/** Creates an agency with its own wallet. The host's doing. */
export async function createPartner(
  database: Database,
  actor: Actor,
  input: z.output<typeof partnerCreate>,
): Promise<Partner> {
  requireHostActor(actor);
  const partnerId = randomUUID();
  const creditValue = parseCreditValue(input.credit_value ?? USUAL_CREDIT_VALUE);
  return database.asPartner(partnerId, async (transaction) => {
    await transaction.query('insert into directory.partners (partner_id) values ($1)', [partnerId]);
    await transaction.query(
      'insert into talktime.partners (partner_id, name, currency, credit_value) values ($1, $2, $3, $4)',
      [partnerId, input.name, input.currency, creditValue],
    );
    await transaction.query('insert into talktime.wallets (partner_id, wallet_id) values ($1, $2)', [
      partnerId,
      PARTNER_WALLET,
    ]);
    await audit(transaction, partnerId, actor, 'partner.created', partnerId, { currency: input.currency });
    return readPartner(transaction, partnerId);
  });
}

/** All partners, oldest first: what only the host may see. */
export async function listPartners(database: Database): Promise<Partner[]> {
  const partners: Partner[] = [];
  for (const partnerId of await listPartnerIds(database)) partners.push(await getPartner(database, partnerId));
  return partners;
}

export async function listPartnerIds(database: Database): Promise<string[]> {
  const rows = await database.asDirectory((transaction) =>
    transaction.query<{ partner_id: string }>(
      'select partner_id from directory.partners order by created_at, partner_id',
    ),
  );
  return rows.map((row) => row.partner_id);
}

export async function getPartner(database: Database, partnerId: string): Promise<Partner> {
  return database.asPartner(partnerId, (transaction) => readPartner(transaction, partnerId));
}

/** Changes a partner's settings. What is left out stays as it is. */
export async function updatePartner(
  database: Database,
  partnerId: string,
  actor: Actor,
  patch: z.output<typeof partnerUpdate>,
): Promise<Partner> {
  return database.asPartner(partnerId, async (transaction) => {
    const locked = await lockPartner(transaction, partnerId);
    if (!locked) throw noPartner();
    const before = await readRow(transaction, partnerId);
    await changeFunding(transaction, partnerId, actor, before, patch);
    const rates = (await loadRates(transaction, partnerId, { walletIds: [PARTNER_WALLET] })).get(PARTNER_WALLET) ?? [];
    const change = { price: patch.price_per_minute, rounding: patch.rounding };
    const rate = await addRateVersion(
      transaction,
      partnerId,
      PARTNER_WALLET,
      rates,
      change,
      before.credit_value,
      locked.now,
    );
    const after = {
      name: patch.name ?? before.name,
      low_credit_threshold:
        patch.low_credit_threshold == null
          ? patch.low_credit_threshold
          : parseCreditsFromZero(patch.low_credit_threshold, 'low_credit_threshold'),
      low_credit_notifications_enabled:
        patch.low_credit_notifications_enabled ?? before.low_credit_notifications_enabled,
      slack_team_id: patch.slack_team_id === undefined ? before.slack_team_id : patch.slack_team_id,
      slack_channel: patch.slack_channel === undefined ? before.slack_channel : patch.slack_channel,
      margin_guard: patch.margin_guard === undefined ? guardOf(before) : patch.margin_guard,
      call_refusal_message:
        patch.call_refusal_message === undefined ? before.call_refusal_message : patch.call_refusal_message,
      dispute_policy: patch.dispute_policy ?? before.dispute_policy,
      alert_levels: patch.alert_levels ? parseLevels(patch.alert_levels, 'alert_levels') : before.alert_levels,
      customer_alert_levels: patch.customer_alert_levels
        ? parseLevels(patch.customer_alert_levels, 'customer_alert_levels')
        : before.customer_alert_levels,
      alert_interval_minutes: patch.alert_interval_minutes ?? before.alert_interval_minutes,
      alert_emails: patch.alert_emails ?? before.alert_emails,
    };
    if (patch.slack_channel != null) await requireOwnChannel(transaction, partnerId, patch.slack_channel);
    await bindSlackTeam(transaction, partnerId, before.slack_team_id, after.slack_team_id);
    await transaction.query(
      `update talktime.partners
       set name = $2, low_credit_threshold = $3, low_credit_notifications_enabled = $4, slack_team_id = $5, slack_channel = $6,
           call_refusal_message = $7, margin_guard_level = $8, margin_guard_days = $9, alert_levels = $10,
           customer_alert_levels = $11, alert_interval_minutes = $12, alert_emails = $13, dispute_policy = $14
       where partner_id = $1`,
      [
        partnerId,
        after.name,
        after.low_credit_threshold === undefined ? before.low_credit_threshold : after.low_credit_threshold,
        after.low_credit_notifications_enabled,
        after.slack_team_id,
        after.slack_channel,
        after.call_refusal_message,
        after.margin_guard && Math.round(after.margin_guard.margin * 1e6),
        after.margin_guard?.days ?? before.margin_guard_days,
        JSON.stringify(after.alert_levels),
        JSON.stringify(after.customer_alert_levels),
        after.alert_interval_minutes,
        after.alert_emails,
        after.dispute_policy,
      ],
    );
    await reevaluateAlerts(transaction, partnerId, [PARTNER_WALLET], locked.now);
    if (JSON.stringify(after.customer_alert_levels) !== JSON.stringify(before.customer_alert_levels))
      await reevaluateDefaults(transaction, partnerId, locked.now);
    await audit(transaction, partnerId, actor, 'partner.updated', partnerId, {
      fields: Object.keys(patch).sort(),
      rate_version: rate?.version ?? null,
    });
    return readPartner(transaction, partnerId);
  });
}

/** The partner's own alerts name every customer: they don't go to a channel that is one customer's. */
async function requireOwnChannel(transaction: Transaction, partnerId: string, channelId: string): Promise<void> {
  const rows = await transaction.query<{ customer_id: string }>(
    'select customer_id from talktime.slack_channels where partner_id = $1 and channel_id = $2',
    [partnerId, channelId],
  );
  if (rows[0])
    throw new TalktimeError(
      'SLACK_CHANNEL_TAKEN',
      `The channel ${channelId} is the customer "${rows[0].customer_id}"'s. Choose another, or unlink it first.`,
    );
}

async function bindSlackTeam(
  transaction: Transaction,
  partnerId: string,
  before: string | null,
  after: string | null,
): Promise<void> {
  if (before === after) return;
  if (before !== null)
    // Where the app is installed, the workspace stays the partner's: the setting only says where alerts go.
    await transaction.query(
      `delete from directory.slack_teams where team_id = $1 and partner_id = $2
         and not exists (select 1 from talktime.slack_installations
                         where partner_id = $2 and workspace_id = $1 and gone_at is null)`,
      [before, partnerId],
    );
  if (after === null) return;
  await claimSlackWorkspace(transaction, partnerId, after);
}

interface PartnerRow {
  name: string;
  currency: string;
  credit_value: bigint;
  funding: Partner['funding'];
  track_cost: boolean;
  low_credit_threshold: Microcredits | null;
  low_credit_notifications_enabled: boolean;
  slack_team_id: string | null;
  slack_channel: string | null;
  call_refusal_message: string | null;
  dispute_policy: Partner['settings']['dispute_policy'];
  margin_guard_level: number | null;
  margin_guard_days: number;
  alert_levels: LevelJson[];
  customer_alert_levels: LevelJson[];
  alert_interval_minutes: number;
  alert_emails: string[];
  created_at: Date;
}

async function readRow(transaction: Transaction, partnerId: string): Promise<PartnerRow> {
  const [row] = await transaction.query<PartnerRow & Record<string, unknown>>(
    'select * from talktime.partners where partner_id = $1',
    [partnerId],
  );
  if (!row) throw noPartner();
  return row;
}

function guardOf(
  row: Pick<PartnerRow, 'margin_guard_level' | 'margin_guard_days'>,
): Partner['settings']['margin_guard'] {
  const { margin_guard_level: level, margin_guard_days: days } = row;
  return level === null ? null : { margin: level / 1e6, days };
}

async function readPartner(transaction: Transaction, partnerId: string): Promise<Partner> {
  const row = await readRow(transaction, partnerId);
  const rate = (await loadRates(transaction, partnerId, { walletIds: [PARTNER_WALLET] })).get(PARTNER_WALLET)?.at(-1);
  const wallet = await readWallet(transaction, partnerId, PARTNER_WALLET);
  return {
    id: partnerId,
    name: row.name,
    currency: row.currency,
    credit_value: toJsonNumber(row.credit_value),
    funding: row.funding,
    settings: {
      track_cost: row.track_cost,
      rate: rate ? toRateVersion(rate) : null,
      low_credit_threshold: row.low_credit_threshold === null ? null : toJsonNumber(row.low_credit_threshold),
      low_credit_notifications_enabled: row.low_credit_notifications_enabled,
      alert_levels: toLevels(row.alert_levels),
      customer_alert_levels: toLevels(row.customer_alert_levels),
      alert_interval_minutes: row.alert_interval_minutes,
      alert_emails: row.alert_emails,
      slack_team_id: row.slack_team_id,
      slack_channel: row.slack_channel,
      call_refusal_message: row.call_refusal_message ?? USUAL_REFUSAL,
      dispute_policy: row.dispute_policy,
      margin_guard: guardOf(row),
    },
    balance: toBalance(wallet, { currency: row.currency, creditValue: row.credit_value }),
    created_at: row.created_at.toISOString(),
  };
}

function requireHostActor(actor: Actor): void {
  if (!actor.host) throw new TalktimeError('HOST_KEY_REQUIRED', 'Only the host creates partners. Use a host key.');
}

function noPartner(): TalktimeError {
  return new TalktimeError('PARTNER_NOT_FOUND', "There is no such partner. The host's list of partners shows the ids.");
}
