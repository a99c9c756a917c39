import type { Console, HomeData } from '@talktime/bot';
import { openEpisodes, type Episode } from '@talktime/core/alerts';
import { countSuspense, type Talktime } from '@talktime/core/calls';
import { getPartner, getThreshold, readSetUp } from '@talktime/core/customers';
import { toJsonNumber } from '@talktime/core/money';
import { marginReport } from '@talktime/core/records';

/** The most alerts that a Home tab shows. */
const ALERTS = 5;

export function homeData({ database }: Talktime): HomeData {
  return {
    async console(partnerId): Promise<Console> {
      const [partner, threshold, episodes, suspense, setUp] = await Promise.all([
        getPartner(database, partnerId),
        getThreshold(database, partnerId, 'partner'),
        openEpisodes(database, partnerId),
        countSuspense(database, partnerId),
        readSetUp(database, partnerId),
      ]);
      return {
        partner: { partner, threshold },
        alerts: { open: episodes.slice(0, ALERTS).map(toOpenAlert), total: episodes.length },
        waiting: { calls: suspense.calls, oldest: suspense.oldest?.toISOString() ?? null },
        setUp: { ...setUp, hasAlertChannel: partner.settings.slack_channel !== null },
        deadRoutes: [],
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

    retryRoute: () => Promise.resolve(false),
  };
}

function toOpenAlert({ walletId, episode, customerId, name, status, posted, since }: Episode) {
  return {
    walletId,
    episode,
    customer: customerId === null ? null : { id: customerId, name },
    status,
    posted: toJsonNumber(posted),
    since: since.toISOString(),
    acknowledgedBy: null,
    snoozedUntil: null,
  };
}
