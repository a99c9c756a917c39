import type { Console, HomeData } from '@talktime/bot';
import { openEpisodes, type Episode } from '@talktime/core/alerts';
import { countSuspense, type Talktime } from '@talktime/core/calls';
import { TalktimeError } from '@talktime/core/contract';
import { getCustomer, getPartner, getThreshold, listByRunway, readSetUp } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';
import { toJsonNumber } from '@talktime/core/money';
import { listPlans } from '@talktime/core/plans';
import { marginReport, usageReport } from '@talktime/core/records';

/** What a Home tab shows of lists: the rest is elsewhere. */
const CUSTOMERS = 10;
const ALERTS = 5;
const PLANS = 10;

const DAY = 24 * 60 * 60_000;

export function homeData({ database }: Talktime): HomeData {
  return {
    async console(partnerId): Promise<Console> {
      const [partner, threshold, customers, episodes, suspense, setUp] = await Promise.all([
        getPartner(database, partnerId),
        getThreshold(database, partnerId, 'partner'),
        listByRunway(database, partnerId, { lowOnly: false, limit: CUSTOMERS }),
        openEpisodes(database, partnerId),
        countSuspense(database, partnerId),
        readSetUp(database, partnerId),
      ]);
      return {
        partner: { partner, threshold },
        customers: {
          total: customers.total + customers.omitted,
          soonest: customers.items.map(({ customerId, posted, ...customer }) => ({
            ...customer,
            id: customerId,
            posted: toJsonNumber(posted),
          })),
        },
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

    async customerHome(partnerId, customerId) {
      try {
        const [customer, threshold, plans, usage] = await Promise.all([
          getCustomer(database, partnerId, customerId),
          getThreshold(database, partnerId, { customerId }),
          listPlans(database, partnerId, { customerId, limit: PLANS }),
          usageOf(database, partnerId, customerId),
        ]);
        return { shown: { customer, threshold }, plans: plans.items, usage };
      } catch (error) {
        if (error instanceof TalktimeError && error.code === 'CUSTOMER_NOT_FOUND') return null;
        throw error;
      }
    },

    retryRoute: () => Promise.resolve(false),
  };
}

async function usageOf(database: Database, partnerId: string, customerId: string) {
  const from = new Date(Date.now() - 30 * DAY).toISOString();
  return (await usageReport(database, partnerId, { from, by: 'provider', customer_id: customerId })).total;
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
