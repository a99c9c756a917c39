import { setTimeout as pause } from 'node:timers/promises';
import type { AlertChanged, AlertPlace, AlertRefused, AlertsData, AlertsOverview, OpenEpisode } from '@talktime/bot';
import { linkSlackChannel, listSlackChannels, unlinkSlackChannel } from '@talktime/core/access';
import {
  acknowledgeAlert,
  deadRoutes,
  listAlerts,
  openEpisodes,
  parseRoute,
  retryAlert,
  reviveRoute,
  sendTestAlert,
  snoozeAlerts,
  type Episode,
} from '@talktime/core/alerts';
import {
  customerUpdate,
  partnerUpdate,
  TalktimeError,
  type AlertMessage,
  type ErrorCode,
} from '@talktime/core/contract';
import { getCustomer, getPartner, updateCustomer, updatePartner } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';
import { PARTNER_WALLET } from '@talktime/core/ledger';
import { toJsonNumber } from '@talktime/core/money';
import { z } from 'zod';
import { actorOf } from './actor';

const EPISODES_SHOWN = 10;
const DEAD_SHOWN = 5;
/** How long somebody waits for what comes of a test. */
const TEST_PATIENCE = 8_000;
const TEST_LOOKED_AT = 20;

export function alertsData(database: Database): AlertsData {
  return {
    async alertsOverview(partnerId, customerId) {
      const read = customerId === null ? ofPartner(database, partnerId) : ofCustomer(database, partnerId, customerId);
      const settings = await orNone(read, 'CUSTOMER_NOT_FOUND');
      if (!settings) return null;
      const [episodes, routes, letters] = await Promise.all([
        openEpisodes(database, partnerId, customerId ?? undefined),
        deadRoutes(database, partnerId),
        listAlerts(database, partnerId, { state: 'dead', customerId: customerId ?? undefined, limit: DEAD_SHOWN }),
      ]);
      const channels = new Set(settings.channels);
      const ways = routes.map((route) => ({
        ...placeOf(route.route),
        id: route.route,
        reason: route.reason,
        since: route.dead_at,
        waiting: route.waiting,
      }));
      return {
        ...settings,
        episodes: episodes.slice(0, EPISODES_SHOWN).map(toEpisode),
        total: episodes.length,
        deadWays: customerId === null ? ways : ways.filter(({ to }) => channels.has(to)),
        deadLetters: letters.items.map((letter) => ({
          id: letter.id,
          place: placeOf(letter.route),
          customerIds: letter.customer_ids,
          reason: letter.last_error ?? 'it was given up',
          since: letter.created_at,
        })),
      };
    },

    async openEpisodes(partnerId, customerId, limit) {
      const episodes = await openEpisodes(database, partnerId, customerId ?? undefined);
      return episodes.slice(0, limit).map(toEpisode);
    },

    async acknowledge(partnerId, actor, walletId, episode) {
      const done = await acknowledgeAlert(database, partnerId, actorOf(actor), walletId, episode);
      return done && done.by;
    },

    snooze: (partnerId, actor, walletId, until, episode) =>
      changed(async () => {
        if (episode !== undefined && !(await isOpen(database, partnerId, walletId, episode))) return { kind: 'over' };
        await snoozeAlerts(database, partnerId, actorOf(actor), walletId, until);
        return { kind: 'snoozed' };
      }),

    async walletOf(partnerId, customerId) {
      if (customerId === null) return PARTNER_WALLET;
      const [row] = await database.asPartner(partnerId, (transaction) =>
        transaction.query<{ wallet_id: number }>(
          'select wallet_id from talktime.customers where partner_id = $1 and customer_id = $2',
          [partnerId, customerId],
        ),
      );
      return row?.wallet_id ?? null;
    },

    async alertChannel(partnerId) {
      return (await getPartner(database, partnerId)).settings.slack_channel;
    },

    setAlertChannel: (partnerId, actor, channel) =>
      changed(async () => {
        const { slack_team_id: before } = (await getPartner(database, partnerId)).settings;
        // A workspace that this setting alone binds would belong to nobody, and its people could ask for nothing.
        if (
          channel &&
          before !== null &&
          before !== channel.teamId &&
          !(await isInstalled(database, partnerId, before))
        )
          return {
            kind: 'refused',
            detail: `Your alerts go to the Slack workspace ${before}, which is connected by that. Type this there, or ask whoever runs Talktime for you.`,
          };
        const patch = channel && { slack_channel: channel.channelId, slack_team_id: channel.teamId };
        await updatePartner(database, partnerId, actorOf(actor), patch ?? { slack_channel: null });
        return { kind: 'done' };
      }),

    linkChannel: (partnerId, actor, { teamId, channelId }, customerId) =>
      changed(async () => {
        await linkSlackChannel(database, partnerId, actorOf(actor), channelId, customerId, teamId);
        return { kind: 'done' };
      }),

    async unlinkChannels(partnerId, actor, customerId) {
      const links = (await listSlackChannels(database, partnerId)).filter((link) => link.customer_id === customerId);
      for (const { channel_id: channelId } of links)
        await unlinkSlackChannel(database, partnerId, actorOf(actor), channelId);
      return links.length;
    },

    async alertSettings(partnerId, customerId) {
      const { settings } = await getPartner(database, partnerId);
      const own =
        customerId === null ? null : await orNone(getCustomer(database, partnerId, customerId), 'CUSTOMER_NOT_FOUND');
      if (customerId !== null && !own) return null;
      return {
        levels: own ? own.settings.alert_levels : settings.customer_alert_levels,
        defaults: settings.customer_alert_levels,
        emails: own ? own.settings.alert_emails : settings.alert_emails,
        intervalMinutes: settings.alert_interval_minutes,
      };
    },

    setAlertSettings: (partnerId, actor, customerId, { levels, emails, intervalMinutes }) =>
      changed(async () => {
        if (customerId === null) {
          const patch = partnerUpdate.parse({
            customer_alert_levels: levels ?? [],
            alert_emails: emails,
            ...(intervalMinutes === undefined ? {} : { alert_interval_minutes: intervalMinutes }),
          });
          await updatePartner(database, partnerId, actorOf(actor), patch);
        } else {
          const patch = customerUpdate.parse({ settings: { alert_levels: levels, alert_emails: emails } });
          await updateCustomer(database, partnerId, actorOf(actor), customerId, patch);
        }
        return { kind: 'done' };
      }),

    testAlert: (partnerId, actor, channelId) =>
      changed(async () => {
        const route = channelId === null ? undefined : await routeOfChannel(database, partnerId, channelId);
        const sent = await sendTestAlert(database, partnerId, actorOf(actor), route);
        const place = placeOf(sent.route);
        const { state, last_error: reason } = await outcomeOf(database, partnerId, sent);
        if (state === 'delivered') return { kind: 'delivered', place };
        if (state === 'dead') return { kind: 'failed', place, reason: reason ?? 'it was given up' };
        return { kind: 'waiting', place, reason };
      }),

    retryRoute: async (partnerId, actor, routeId) =>
      (await orNone(
        reviveRoute(database, partnerId, actorOf(actor), routeId).then(() => true as const),
        'ALERT_ROUTE_UNKNOWN',
      )) ?? false,

    retryAlert: async (partnerId, actor, messageId) =>
      (await orNone(
        retryAlert(database, partnerId, actorOf(actor), messageId).then(() => true as const),
        'ALERT_NOT_FOUND',
      )) ?? false,
  };
}

type Settings = Omit<AlertsOverview, 'episodes' | 'total' | 'deadWays' | 'deadLetters'>;

async function ofPartner(database: Database, partnerId: string): Promise<Settings> {
  const { settings } = await getPartner(database, partnerId);
  return {
    customer: null,
    channels: settings.slack_channel === null ? [] : [settings.slack_channel],
    emails: settings.alert_emails,
    levels: settings.customer_alert_levels,
    levelsAreDefault: true,
    own: null,
    intervalMinutes: settings.alert_interval_minutes,
  };
}

async function ofCustomer(database: Database, partnerId: string, customerId: string): Promise<Settings> {
  const [partner, { name, settings }, links] = await Promise.all([
    getPartner(database, partnerId),
    getCustomer(database, partnerId, customerId),
    listSlackChannels(database, partnerId),
  ]);
  return {
    customer: { id: customerId, name },
    channels: links.filter((link) => link.customer_id === customerId).map((link) => link.channel_id),
    emails: settings.alert_emails,
    levels: settings.alert_levels ?? partner.settings.customer_alert_levels,
    levelsAreDefault: settings.alert_levels === null,
    own: { threshold: settings.low_credit_threshold, notifications: settings.low_credit_notifications_enabled },
    intervalMinutes: partner.settings.alert_interval_minutes,
  };
}

function toEpisode({ customerId, name, posted, since, acknowledged, snoozed, ...episode }: Episode): OpenEpisode {
  return {
    walletId: episode.walletId,
    episode: episode.episode,
    status: episode.status,
    customer: customerId === null ? null : { id: customerId, name },
    posted: toJsonNumber(posted),
    since: since.toISOString(),
    acknowledgedBy: acknowledged && acknowledged.by,
    snoozed: snoozed && { until: snoozed.until.toISOString(), by: snoozed.by },
  };
}

async function isOpen(database: Database, partnerId: string, walletId: number, episode: number): Promise<boolean> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      `select 1 from talktime.wallets where partner_id = $1 and wallet_id = $2 and episode = $3 and told <> 'ok'`,
      [partnerId, walletId, episode],
    ),
  );
  return rows.length > 0;
}

async function isInstalled(database: Database, partnerId: string, workspaceId: string): Promise<boolean> {
  const rows = await database.asPartner(partnerId, (transaction) =>
    transaction.query(
      'select 1 from talktime.slack_installations where partner_id = $1 and workspace_id = $2 and gone_at is null',
      [partnerId, workspaceId],
    ),
  );
  return rows.length > 0;
}

function placeOf(text: string): AlertPlace {
  const route = parseRoute(text);
  switch (route.kind) {
    case 'slack':
      return { kind: 'slack', to: route.channel };
    case 'dm':
      return { kind: 'dm', to: route.userId };
    case 'email':
      return { kind: 'email', to: route.address };
    case 'none':
      return { kind: 'none', to: '' };
  }
}

/** The route by which alerts come to a channel; as the core names it, when it does not know it. */
async function routeOfChannel(database: Database, partnerId: string, channelId: string): Promise<string> {
  const [{ settings }, links] = await Promise.all([
    getPartner(database, partnerId),
    listSlackChannels(database, partnerId),
  ]);
  const link = links.find((each) => each.channel_id === channelId);
  const teamId = (settings.slack_channel === channelId ? null : link?.team_id) ?? settings.slack_team_id;
  return `slack:${teamId ?? ''}:${channelId}`;
}

/** What became of a message, once it is known, or at the end of patience. */
async function outcomeOf(database: Database, partnerId: string, sent: AlertMessage): Promise<AlertMessage> {
  const end = Date.now() + TEST_PATIENCE;
  let latest = sent;
  while (latest.state === 'waiting' && Date.now() < end) {
    await pause(200);
    const { items } = await listAlerts(database, partnerId, { limit: TEST_LOOKED_AT });
    latest = items.find(({ id }) => id === sent.id) ?? latest;
  }
  return latest;
}

async function orNone<T>(work: Promise<T>, ...codes: readonly ErrorCode[]): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TalktimeError && codes.includes(error.code)) return null;
    throw error;
  }
}

/** A refusal of the core, or of the contract, is an answer; a fault is not. */
async function changed<T extends AlertChanged | { readonly kind: string }>(
  work: () => Promise<T>,
): Promise<T | AlertRefused> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof z.ZodError) {
      const [issue] = error.issues;
      return refusedAt(issue?.message ?? 'That is not taken.', issue?.path.join('.') ?? '');
    }
    if (!(error instanceof TalktimeError) || error.status >= 500) throw error;
    const [first] = error.errors ?? [];
    return refusedAt(first?.message ?? error.detail, first?.path ?? '');
  }
}

function refusedAt(detail: string, path: string): AlertRefused {
  const level = /alert_levels\.(\d+)/.exec(path)?.[1];
  if (level !== undefined) return { kind: 'refused', detail, field: 'levels', level: Number(level) };
  if (path.includes('alert_emails')) return { kind: 'refused', detail, field: 'emails' };
  if (path.includes('alert_interval')) return { kind: 'refused', detail, field: 'interval' };
  return { kind: 'refused', detail };
}
