import { standingsMessage, STANDINGS_PAGE, type Message, type StandingsPlace } from '../messages';
import { retype } from '../messages/text';
import type { BotData } from '../ports';
import type { Answering } from './answer';

export const customers: Answering = {
  name: 'customers',
  usage: 'customers [--low]',
  does: 'all of them, the soonest to run out first',
  least: 'viewer',
  aboutAll: true,

  answer({ partnerId, argument, command }, { data }) {
    // A phone's keyboard makes one dash of two.
    const lowOnly = /^[-–—]*low$/i.test(retype(argument));
    return customersPage(data, partnerId, { lowOnly, page: 1 }, command);
  },
};

/** A page of the list, as the command and the list's own buttons show it. */
export async function customersPage(
  data: BotData,
  partnerId: string,
  place: StandingsPlace,
  command: string,
): Promise<Message> {
  const page = await data.standings(partnerId, place.lowOnly, place.page, STANDINGS_PAGE);
  return standingsMessage(page, place, command);
}
