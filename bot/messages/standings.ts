import type { Standing, StandingsPage } from '../ports';
import { callTime, figure, runwayText } from './amounts';
import { button, buttons, context, header, section, table, type Message } from './message';
import { STATUS } from './status';
import { cell, code } from './text';

export const STANDINGS_PAGE = 20;
/** Longer names push the figures out of sight. */
const NAME_WIDTH = 32;

export const STANDINGS_NEXT = 'talktime_customers_next';
export const STANDINGS_PREVIOUS = 'talktime_customers_previous';
export const STANDINGS_WHICH = 'talktime_customers_which';

/** Which page of which list: what its buttons carry. */
export interface StandingsPlace {
  readonly lowOnly: boolean;
  /** From 1. */
  readonly page: number;
}

/** A page of the customers, the soonest to run out first. */
export function standingsMessage(
  { standings, total, omitted }: StandingsPage,
  place: StandingsPlace,
  command: string,
): Message {
  const { lowOnly, page } = place;
  const to = (changes: Partial<StandingsPlace>) => standingsValue({ ...place, ...changes });
  const which = lowOnly
    ? button('Show all', { action: STANDINGS_WHICH, value: to({ lowOnly: false, page: 1 }) })
    : button('Only low ones', { action: STANDINGS_WHICH, value: to({ lowOnly: true, page: 1 }) });
  if (standings.length === 0) {
    if (page > 1) return empty('There are no more customers.', [previous(to({ page: 1 }), 'First page')]);
    return lowOnly ? empty('🟢 No customer is low on credits.', [which]) : empty('You have no customers yet.', []);
  }
  const first = (page - 1) * STANDINGS_PAGE + 1;
  const last = first + standings.length - 1;
  const pages = [
    ...(page > 1 ? [previous(to({ page: page - 1 }), 'Previous page')] : []),
    ...(last < total ? [button('Next page', { action: STANDINGS_NEXT, value: to({ page: page + 1 }) })] : []),
  ];
  const title = lowOnly ? 'Customers low on credits' : 'Customers';
  const range = `${first} to ${last} of ${total.toLocaleString('en-US')}, the soonest to run out first`;
  return {
    text: `${title}: ${range}`,
    blocks: [
      header(title),
      table([['Customer', 'Credits', 'Lasts', 'Call time', 'Status'], ...rows(standings)], [1]),
      buttons(...pages, which),
      context(
        [
          range,
          ...(omitted > 0 ? [`${omitted.toLocaleString('en-US')} more are too many to sort`] : []),
          `${code(`${command} balance <customer>`)} shows one`,
          'only you can see this',
        ].join(' · '),
      ),
    ],
  };
}

export function standingsValue({ lowOnly, page }: StandingsPlace): string {
  return `${lowOnly ? 'low' : 'all'}.${page}`;
}

/** null when a button carries something else. */
export function readStandingsValue(value: string): StandingsPlace | null {
  const [, which, page] = /^(all|low)\.([1-9]\d{0,4})$/.exec(value) ?? [];
  return which === undefined ? null : { lowOnly: which === 'low', page: Number(page) };
}

function previous(value: string, label: string) {
  return button(label, { action: STANDINGS_PREVIOUS, value });
}

function empty(text: string, more: readonly ReturnType<typeof button>[]): Message {
  return { text, blocks: [section(text), ...(more.length > 0 ? [buttons(...more)] : [])] };
}

function rows(standings: readonly Standing[]): string[][] {
  const names = standings.map(({ name }) => name);
  return standings.map((standing) => {
    const { mark, words } = STATUS[standing.status];
    const isShared = names.filter((name) => name === standing.name).length > 1;
    const named = cell(standing.name, NAME_WIDTH);
    const name = `${mark} ${isShared ? `${named} (${cell(standing.customerId, NAME_WIDTH)})` : named}`;
    // The balance is the partner's then, and the same in every such row.
    if (standing.payer === 'partner') return [name, 'paid by you', '–', '–', words];
    return [
      name,
      figure(standing.posted),
      standing.posted <= 0n ? '–' : runwayText(standing.runway, standing.posted),
      standing.posted <= 0n ? '–' : timeLeft(standing.minutesLeft),
      words,
    ];
  });
}

function timeLeft(minutes: number | null): string {
  return minutes === null ? 'no price set' : callTime(minutes);
}
