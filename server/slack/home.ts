import { createHash } from 'node:crypto';
import type { Console, DeadRoute, HomeData, OpenAlert, Taker } from '@talktime/bot';
import { deadRoutes, openEpisodes, parseRoute, reviveRoute, type Episode } from '@talktime/core/alerts';
import { countSuspense, type Talktime } from '@talktime/core/calls';
import type { DeadAlertRoute } from '@talktime/core/contract';
import { getPartner, getThreshold, readSetUp } from '@talktime/core/customers';
import { toJsonNumber } from '@talktime/core/money';
import { marginReport } from '@talktime/core/records';
import { actorOf } from './actor';

/** The most alerts that a Home tab shows. */
const ALERTS = 5;

export function homeData({ database }: Talktime): HomeData {
  return {
    async console(partnerId): Promise<Console> {
      const [partner, threshold, episodes, suspense, setUp, dead] = await Promise.all([
        getPartner(database, partnerId),
        getThreshold(database, partnerId, 'partner'),
        openEpisodes(database, partnerId),
        countSuspense(database, partnerId),
        readSetUp(database, partnerId),
        deadRoutes(database, partnerId),
      ]);
      return {
        partner: { partner, threshold },
        alerts: { open: episodes.slice(0, ALERTS).map(toOpenAlert), total: episodes.length },
        waiting: { calls: suspense.calls, oldest: suspense.oldest?.toISOString() ?? null },
        setUp: { ...setUp, hasAlertChannel: partner.settings.slack_channel !== null },
        deadRoutes: dead.flatMap(toDeadRoute),
      };
    },

    async monthMargin(partnerId) {
      const now = new Date();
      const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth())).toISOString();
      // By provider, of which there are few: only the total is shown.
      const { total, currency } = await marginReport(database, partnerId, { from, by: 'provider' });
      const { calls, calls_without_cost: callsWithoutCost, price, cost, markup, margin } = total;
      return { currency, calls, callsWithoutCost, price, cost, markup, margin };
    },

    async retryRoute(partnerId, actor, routeId) {
      const dead = (await deadRoutes(database, partnerId)).find(({ route }) => idOf(route) === routeId);
      if (dead) await reviveRoute(database, partnerId, actorOf(actor), dead.route);
      return dead !== undefined;
    },
  };
}

function toOpenAlert({ walletId, episode, customerId, name, status, posted, since, ...state }: Episode): OpenAlert {
  return {
    walletId,
    episode,
    customer: customerId === null ? null : { id: customerId, name },
    status,
    posted: toJsonNumber(posted),
    since: since.toISOString(),
    acknowledgedBy: state.acknowledged && takerOf(state.acknowledged.by),
    snoozedUntil: state.snoozed?.until.toISOString() ?? null,
  };
}

/** Who did it, by what the audit log calls them. */
function takerOf(actorId: string): Taker {
  const userId = /^slack:[^/]*\/(\w+)$/.exec(actorId)?.[1];
  return userId === undefined ? 'machine' : { userId };
}

function toDeadRoute({ route: text, audience, reason, dead_at, waiting }: DeadAlertRoute): DeadRoute[] {
  const route = parseRoute(text);
  if (route.kind === 'none') return [];
  const to = route.kind === 'slack' ? route.channel : route.kind === 'dm' ? route.userId : route.address;
  return [{ id: idOf(text), kind: route.kind, to, audience, reason, since: dead_at, undelivered: waiting }];
}

/** A route's text may be somebody's address, which a button should not carry. */
const idOf = (route: string) => createHash('sha256').update(route).digest('hex').slice(0, 32);
