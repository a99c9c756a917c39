import {
  barChart,
  barsOf,
  chartTitle,
  figuresHiddenMessage,
  notBilledMessage,
  severalCustomersMessage,
  unknownCustomerMessage,
  unknownPeriodMessage,
  usageMessage,
  usageWithoutChartMessage,
  type Answer,
  type SendPicture,
  type UsageAbout,
} from '../messages';
import { cell } from '../messages/text';
import { pictureOf } from '../picture';
import type { BotData, UsageShown } from '../ports';
import type { Answering } from './answer';
import { customerMeant } from './customer';
import { splitPeriod } from './period';

const PERIODS = [7, 30, 90];
const USUAL = 30;

export const usage: Answering = {
  name: 'usage',
  usage: 'usage [customer] [7d|30d|90d]',
  does: 'calls, minutes and credits, day by day',
  least: 'customer',

  async answer({ access, argument, partnerId, command }, { data }) {
    const { rest, days, typed } = splitPeriod(argument, PERIODS, USUAL);
    if (days === null) return unknownPeriodMessage(typed, PERIODS, `${command} usage`);
    const meant = await customerMeant(data, access, rest);
    if (meant.kind === 'several') return severalCustomersMessage(meant.typed, meant.customers, command, 'usage');
    if (meant.kind === 'unknown') return unknownCustomerMessage(meant.typed, meant.near, command, 'usage');
    const customer = meant.kind === 'one' ? meant.customer : null;
    if (access.role !== 'customer') return usageOf(data, partnerId, { customer, days, audience: 'partner' });
    const hidden = customer && (await hiddenFrom(data, partnerId, customer.id, 'Usage'));
    return hidden ?? usageOf(data, partnerId, { customer, days, audience: 'customer' });
  },
};

/** What a customer's people are told in the place of figures that they may not see; null when they may. */
export async function hiddenFrom(
  data: BotData,
  partnerId: string,
  customerId: string,
  what: string,
): Promise<Answer | null> {
  const settings = (await data.customerBalance(partnerId, customerId))?.customer.settings;
  if (!settings?.ai_credits_enabled) return notBilledMessage();
  return settings.show_pricing_information ? null : figuresHiddenMessage(what);
}

async function usageOf(data: BotData, partnerId: string, about: UsageAbout): Promise<Answer> {
  const read = await data.usage(partnerId, about.customer?.id ?? null, about.days);
  const shown = about.audience === 'customer' ? paidByCustomer(read) : read;
  const message = usageMessage(shown, about);
  if (shown.total.calls === 0) return message;
  return {
    ...message,
    withoutChart: async (send) => usageWithoutChartMessage(shown, about, await sendPicture(shown, about, send)),
  };
}

async function sendPicture({ days }: UsageShown, about: UsageAbout, send: SendPicture): Promise<boolean> {
  const bars = barsOf(days);
  const title = chartTitle(about.days, bars);
  return send({
    png: await pictureOf(barChart(title, bars)),
    filename: `usage-${about.days}d.png`,
    title: about.customer ? `${title}: ${cell(about.customer.name)}` : title,
    description: `Bar chart. ${title}: from ${bars[0]?.label ?? ''} to ${bars.at(-1)?.label ?? ''}.`,
  });
}

/** What the partner paid of a customer's calls is not the customer's to see. */
function paidByCustomer({ days, total, before, elapsedDays }: UsageShown): UsageShown {
  const own = <T extends UsageShown['total']>(used: T): T => ({ ...used, credits: used.byCustomers });
  return { days: days.map(own), total: own(total), before: own(before), elapsedDays };
}
