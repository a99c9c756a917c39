import type { BotData, CustomerBalance, Settled, SlackActor } from '@talktime/bot';
import { bindingOf, slackAccess } from '@talktime/core/access';
import { assignCall, dismissCall, listSuspense, type Talktime } from '@talktime/core/calls';
import { TalktimeError, type Customer } from '@talktime/core/contract';
import { getCustomer, getPartner, getThreshold, listCustomers } from '@talktime/core/customers';
import type { Database } from '@talktime/core/database';
import { toJsonNumber } from '@talktime/core/money';

const MOST_FOUND = 5;
const PAGE = 200;
const SEVERITY = { exhausted: 3, critical: 2, low: 1, ok: 0 } as const;

/** What the bot's commands read and do, over the core. */
export function botData(talktime: Talktime): BotData {
  const { database } = talktime;
  const withThreshold = async (partnerId: string, customer: Customer): Promise<CustomerBalance> => ({
    customer,
    threshold: await getThreshold(database, partnerId, { customerId: customer.id }),
  });
  return {
    async partnerOf(actor) {
      return (await bindingOf(database, heardIn(actor)))?.partnerId ?? null;
    },

    async accessOf(actor, channelId) {
      const access = await slackAccess(database, actor, heardIn(actor), channelId);
      return access && { ...access, maxCredits: access.maxCredits === null ? null : toJsonNumber(access.maxCredits) };
    },

    async partnerBalance(partnerId) {
      const [partner, threshold] = await Promise.all([
        getPartner(database, partnerId),
        getThreshold(database, partnerId, 'partner'),
      ]);
      return { partner, threshold };
    },

    async findCustomers(partnerId, text) {
      const wanted = text.trim().toLowerCase();
      const found: Customer[] = [];
      for await (const customer of customers(database, partnerId, text.trim())) {
        if (customer.id.toLowerCase() === wanted || customer.name.toLowerCase() === wanted) found.push(customer);
        if (found.length === MOST_FOUND) break;
      }
      return found.map(({ id, name }) => ({ id, name }));
    },

    async customerNames(partnerId, limit) {
      const { items } = await listCustomers(database, partnerId, { limit: Math.min(limit, PAGE) });
      return items.map(({ id, name }) => ({ id, name }));
    },

    async customerBalance(partnerId, customerId) {
      try {
        return await withThreshold(partnerId, await getCustomer(database, partnerId, customerId));
      } catch (error) {
        if (error instanceof TalktimeError && error.code === 'CUSTOMER_NOT_FOUND') return null;
        throw error;
      }
    },

    async lowest(partnerId, limit) {
      const lowest: Customer[] = [];
      for await (const customer of customers(database, partnerId)) {
        lowest.push(customer);
        if (lowest.length >= limit * 2 + PAGE) keepLowest(lowest, limit);
      }
      keepLowest(lowest, limit);
      return Promise.all(lowest.map((customer) => withThreshold(partnerId, customer)));
    },

    async suspended(partnerId, limit) {
      const { items, next_cursor } = await listSuspense(database, partnerId, { limit });
      return { calls: items, isAll: next_cursor === null };
    },

    async isPartnersChannel(partnerId, channelId) {
      return (await getPartner(database, partnerId)).settings.slack_channel === channelId;
    },

    assignCall: (partnerId, actor, callId, customerId, map) =>
      settled(async () => {
        const result = await assignCall(talktime, partnerId, actorOf(actor), callId, customerId, map);
        if (result.outcome !== 'deducted') return { kind: 'refused', detail: result.message };
        return { kind: 'charged', customerId, credits: -result.amount, balance: result.balance_after };
      }),

    dismissCall: (partnerId, actor, callId, reason) =>
      settled(async () => {
        await dismissCall(talktime, partnerId, actorOf(actor), callId, reason);
        return { kind: 'dismissed' };
      }),
  };
}

/** The workspace whose installation heard the actor. */
const heardIn = ({ teamId, installedTeamId, enterpriseId }: SlackActor) => ({
  teamId: installedTeamId ?? teamId,
  enterpriseId,
});

const actorOf = ({ teamId, userId }: SlackActor) => ({ id: `slack:${teamId}/${userId}`, host: false });

/** A refusal of the core is an answer; a fault is not. */
async function settled(work: () => Promise<Settled>): Promise<Settled> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TalktimeError && error.status < 500) return { kind: 'refused', detail: error.detail };
    throw error;
  }
}

async function* customers(database: Database, partnerId: string, search?: string): AsyncGenerator<Customer> {
  let cursor: string | undefined;
  do {
    const page = await listCustomers(database, partnerId, { search, limit: PAGE, cursor });
    yield* page.items;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

/** The worst status first, then the smallest balance. */
function keepLowest(list: Customer[], limit: number): void {
  list.sort((a, b) => SEVERITY[b.balance.status] - SEVERITY[a.balance.status] || a.balance.posted - b.balance.posted);
  list.length = Math.min(list.length, limit);
}
