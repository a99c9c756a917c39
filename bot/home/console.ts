import { callTime, callTimeAfter, credits, fromWire, runwayText } from '../messages/amounts';
import { withMoney } from '../messages/balance';
import {
  button,
  buttons,
  context,
  divider,
  fields,
  header,
  section,
  type MessageBlock,
  sectionWithButton,
} from '../messages/message';
import { STATUS } from '../messages/status';
import { code, inert, moment } from '../messages/text';
import { isAtLeast, type Access, type Console, type OpenAlert, type Standing, type StandingsPage } from '../ports';
import { ALERT_ACTIONS, HOME_ACTIONS, SUSPENSE_ACTION } from './actions';
import { fitting } from './blocks';
import { deadRouteBlocks } from './dead-routes';
import { marginBlocks, type MarginShown } from './margin';
import { peopleBlocks, type PeopleShown } from './people';
import { isSetUp, setUpBlocks } from './set-up';

export const CUSTOMERS_SHOWN = 10;
export const ALERTS_SHOWN = 5;

/** What the Home tab of one of the partner's people shows. */
export interface ConsoleShown {
  readonly access: Access;
  readonly console: Console;
  /** Those that run out first. */
  readonly customers: StandingsPage | 'pending' | 'failed';
  readonly margin: MarginShown;
  /** For owners alone; null for the others. */
  readonly people: PeopleShown | null;
  /** The command as the workspace knows it: "/credits". */
  readonly command: string;
}

/** The partner's console: what is wrong first, then how things stand, then who may do what. */
export function consoleBlocks({ access, console, customers, margin, people, command }: ConsoleShown): MessageBlock[] {
  const mayMove = isAtLeast(access.role, 'manager');
  return fitting((nameLength) => {
    const setUp = setUpBlocks(console.setUp, command, access.role, nameLength);
    const done = isSetUp(console.setUp);
    const parts: MessageBlock[][] = [
      ...(done ? [] : [setUp]),
      alertBlocks(console.alerts, mayMove, nameLength),
      customerBlocks(customers, mayMove, nameLength),
      waitingBlocks(console.waiting),
      marginBlocks(margin),
      people ? peopleBlocks(people, nameLength) : [],
      [...(done ? setUp : []), context(footer(access, command))],
    ];
    return [
      ...deadRouteBlocks(console.deadRoutes, mayMove),
      ...balanceBlocks(console, nameLength),
      quickActions(mayMove),
      ...parts.filter((part) => part.length > 0).flatMap((part) => [divider(), ...part]),
    ];
  });
}

function balanceBlocks({ partner: { partner, threshold } }: Console, nameLength: number): MessageBlock[] {
  const { mark, words } = STATUS[threshold.status];
  const isEmpty = threshold.posted <= 0;
  return [
    header(`${mark} Your balance: ${words}`),
    section(
      `*${inert(partner.name, nameLength)}* has *${withMoney(credits(fromWire(partner.balance.posted)), partner.balance)}*.`,
    ),
    fields([
      ['Call time left', isEmpty ? 'none' : callTime(threshold.minutes_left)],
      ['Lasts', runwayText(threshold.runway, threshold.posted)],
      [
        'Low credit threshold',
        threshold.low_credit_threshold === null ? 'not set' : credits(fromWire(threshold.low_credit_threshold)),
      ],
      ['Low credit notifications', threshold.notifications_enabled ? 'on' : 'off'],
    ]),
  ];
}

function quickActions(mayMove: boolean): MessageBlock {
  const seen = [
    button('Usage', { action: HOME_ACTIONS.usage }),
    button('Report', { action: HOME_ACTIONS.report }),
    button('Doctor', { action: HOME_ACTIONS.doctor }),
  ];
  if (!mayMove) return buttons(...seen);
  return buttons(
    button('Top up', { action: HOME_ACTIONS.topUp, style: 'primary' }),
    button('Adjust', { action: HOME_ACTIONS.adjust }),
    button('Apply a plan', { action: HOME_ACTIONS.apply }),
    ...seen,
    button('Alerts', { action: HOME_ACTIONS.alerts }),
  );
}

function alertBlocks({ open, total }: Console['alerts'], mayMove: boolean, nameLength: number): MessageBlock[] {
  if (total === 0) return [section('*🔔 Open alerts*\n🟢 None: nobody is low on credits.')];
  const shown = open.slice(0, ALERTS_SHOWN);
  return [
    section(`*🔔 Open alerts: ${number(total)}*`),
    ...shown.flatMap((alert) => [section(alertLine(alert, nameLength)), ...(mayMove ? [alertButtons(alert)] : [])]),
    ...(total > shown.length ? [context(`and ${number(total - shown.length)} more`)] : []),
  ];
}

function alertLine(
  { customer, status, posted, since, acknowledgedBy, snoozedUntil }: OpenAlert,
  nameLength: number,
): string {
  const { mark, words } = STATUS[status];
  const who = customer ? `*${inert(customer.name, nameLength)}*` : '*Your own balance*';
  const notes = [
    ...(acknowledgedBy === null
      ? []
      : [`👀 ${acknowledgedBy === 'machine' ? 'somebody' : `<@${acknowledgedBy.userId}>`} has it in hand`]),
    ...(snoozedUntil === null ? [] : [`😴 quiet until ${moment(new Date(snoozedUntil))}`]),
  ];
  return [`${mark} ${who} · ${words} · ${credits(fromWire(posted))} · since ${moment(new Date(since))}`, ...notes].join(
    '\n',
  );
}

function alertButtons({ walletId, episode, customer, acknowledgedBy }: OpenAlert): MessageBlock {
  const value = `${walletId}.${episode}`;
  return buttons(
    ...(acknowledgedBy === null ? [button('Acknowledge', { action: ALERT_ACTIONS.acknowledge, value })] : []),
    button('Snooze', { action: ALERT_ACTIONS.snooze, value }),
    ...(customer
      ? [
          button('Top up', { action: ALERT_ACTIONS.topUp, value }),
          button('Settings', { action: ALERT_ACTIONS.settings, value }),
        ]
      : []),
  );
}

function customerBlocks(customers: ConsoleShown['customers'], mayMove: boolean, nameLength: number): MessageBlock[] {
  if (customers === 'pending') return [section('*👤 Customers by runway*\n⏳ Being sorted…')];
  if (customers === 'failed')
    return [section('*👤 Customers by runway*\nCould not be read now. *Next:* open this tab again in a minute.')];
  const { standings, total, omitted } = customers;
  if (total === 0) return [section('*👤 Customers*\nYou have no customers yet.')];
  const shown = standings.slice(0, CUSTOMERS_SHOWN);
  const all = total + omitted;
  return [
    section(
      all > shown.length
        ? `*👤 Customers by runway:* the ${shown.length} of ${number(all)} that run out first`
        : '*👤 Customers by runway*',
    ),
    ...shown.map((standing) => {
      const line = customerLine(standing, nameLength);
      if (!mayMove || standing.payer === 'partner') return section(line);
      return sectionWithButton(line, button('Top up', { action: HOME_ACTIONS.topUp, value: standing.customerId }));
    }),
    buttons(button('All customers', { action: HOME_ACTIONS.customers })),
  ];
}

function customerLine({ customerId, name, payer, status, posted, minutesLeft, runway }: Standing, nameLength: number) {
  const { mark, words } = STATUS[status];
  const title = `${mark} *${inert(name, nameLength)}* ${code(customerId)}`;
  if (payer === 'partner') return `${title}\nAI Credits off: paid from your own balance`;
  if (posted <= 0n) return `${title}\n${credits(posted)} · ${words}`;
  const lasts = runway === null ? 'too little history to say how long it lasts' : `lasts ${runwayText(runway, posted)}`;
  return `${title}\n${credits(posted)}${callTimeAfter(' · ', minutesLeft)} · ${lasts}`;
}

function waitingBlocks({ calls, oldest }: Console['waiting']): MessageBlock[] {
  if (calls === 0) return [];
  const since = oldest === null ? '' : `, the oldest since ${moment(new Date(oldest))}`;
  const text = `*🗂️ ${number(calls)} ${calls === 1 ? 'call matches' : 'calls match'} no customer*${since}: uncharged until somebody says whose`;
  return [sectionWithButton(text, button('Look at them', { action: SUSPENSE_ACTION }))];
}

const ARTICLE = {
  owner: 'an owner',
  manager: 'a manager',
  viewer: 'a viewer',
  customer: 'a customer’s person',
} as const;

function footer({ role, maxCredits }: Access, command: string): string {
  const may =
    role === 'viewer'
      ? 'you see, and move no credits'
      : maxCredits === null
        ? 'you move any number of credits'
        : `you move up to ${credits(fromWire(maxCredits))} at once`;
  return `You are ${ARTICLE[role]}: ${may} · ${code(`${command} help`)} lists what else there is · only you can see this`;
}

const number = (count: number) => count.toLocaleString('en-US');
