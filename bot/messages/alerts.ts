import type { AlertLevel, AlertPlace, AlertsOverview, AlertTest, OpenEpisode } from '../ports';
import { actor } from './alert-notes';
import { credits, fromWire } from './amounts';
import {
  button,
  context,
  divider,
  fields,
  header,
  section,
  sectionWithButton,
  type Message,
  type MessageBlock,
} from './message';
import { STATUS } from './status';
import { code, escape, inert, moment } from './text';

const REASON_LENGTH = 300;
const WAYS_SHOWN = 5;

/** What is set of alerts and what is open, and what no longer arrives. */
export function alertsMessage(shown: AlertsOverview, { command, mayChange }: AlertsAbout): Message {
  const dead = shown.deadWays.length + shown.deadLetters.length;
  const title = dead > 0 ? '🚨 Alerts: some do not arrive' : `🔔 Alerts: ${openOf(shown.total)}`;
  const name = shown.customer ? inert(shown.customer.name) : null;
  const blocks: MessageBlock[] = [
    header(title),
    ...shown.deadWays.slice(0, WAYS_SHOWN).map((way) => deadWay(way, mayChange)),
    ...shown.deadLetters.map((letter) => deadLetter(letter, mayChange)),
    ...(shown.episodes.length === 0
      ? [section(`${name === null ? 'No balance is low' : `*${name}* is not low`}, as far as anybody was told.`)]
      : shown.episodes.map((episode) => episodeBlock(episode, mayChange))),
    ...(shown.total > shown.episodes.length
      ? [context(`and ${shown.total - shown.episodes.length} more · ${code(`${command} customers --low`)} lists them`)]
      : []),
    divider(),
    settingsFields(shown),
    section(`*Next:* ${nextOf(shown, command)}`),
    context(
      [...(name === null ? [] : [`customer ${code(shown.customer?.id ?? '')}`]), 'only you can see this'].join(' · '),
    ),
  ];
  return { text: name === null ? title : `${title} · ${name}`, blocks };
}

export interface AlertsAbout {
  readonly command: string;
  /** Who may not change anything is shown no buttons. */
  readonly mayChange: boolean;
}

const openOf = (count: number) => (count === 0 ? 'nothing is open' : `${count.toLocaleString('en-US')} open`);

function episodeBlock(episode: OpenEpisode, mayChange: boolean): MessageBlock {
  const { mark, words } = STATUS[episode.status];
  const who = episode.customer
    ? `*${inert(episode.customer.name)}* ${code(episode.customer.id)}`
    : '*Your own balance*';
  const lines = [
    `${mark} ${who} · ${words}, ${credits(fromWire(episode.posted))} · since ${moment(new Date(episode.since))}`,
    ...(episode.acknowledgedBy === null ? [] : [`✋ in hand: ${actor(episode.acknowledgedBy)}`]),
    ...(episode.snoozed === null
      ? []
      : [`💤 quiet until ${moment(new Date(episode.snoozed.until))}, by ${actor(episode.snoozed.by)}`]),
  ];
  const value = `${episode.walletId}.${episode.episode}`;
  const isTaken = episode.acknowledgedBy !== null;
  if (isTaken && !mayChange) return section(lines.join('\n'));
  return sectionWithButton(
    lines.join('\n'),
    isTaken
      ? button('Snooze', { action: 'talktime_snooze', value })
      : button('Acknowledge', { action: 'talktime_acknowledge', value }),
  );
}

function deadWay(
  { id, reason, since, waiting, ...place }: AlertsOverview['deadWays'][number],
  mayChange: boolean,
): MessageBlock {
  const text = `🚨 *Nothing arrives ${placeText(place)}* since ${moment(new Date(since))}\n${reasonText(reason)}${waiting > 0 ? `\n${waiting.toLocaleString('en-US')} ${waiting === 1 ? 'message waits' : 'messages wait'} for it.` : ''}`;
  return mayChange
    ? sectionWithButton(text, button('Try again', { action: 'talktime_route_retry', value: id, style: 'primary' }))
    : section(text);
}

function deadLetter(
  { id, place, customerIds, reason, since }: AlertsOverview['deadLetters'][number],
  mayChange: boolean,
): MessageBlock {
  const about =
    customerIds.length === 0
      ? 'your own balance'
      : customerIds
          .slice(0, 3)
          .map((each) => code(each))
          .join(', ');
  const text = `✉️ *An alert did not arrive ${placeText(place)}*, about ${about}${customerIds.length > 3 ? ' and others' : ''}, ${moment(new Date(since))}\n${reasonText(reason)}`;
  return mayChange
    ? sectionWithButton(text, button('Retry', { action: 'talktime_alert_retry', value: id }))
    : section(text);
}

function settingsFields({
  customer,
  channels,
  emails,
  levels,
  levelsAreDefault,
  own,
  intervalMinutes,
}: AlertsOverview) {
  const to = [...channels.map((id) => `<#${id}>`), ...emails.map((address) => code(address, 60))];
  const nowhere = customer ? 'to you alone' : '🔴 nowhere yet';
  const list = [
    ...(own?.threshold == null ? [] : [`low at ${credits(fromWire(own.threshold))}`]),
    ...levels.map(levelText),
  ];
  const none = customer ? 'none: told when it is used up' : 'none: each customer’s own threshold';
  return fields([
    [customer ? 'Its people are told in' : 'Alerts go to', to.length > 0 ? to.join('\n') : nowhere],
    [
      customer ? `Levels${levelsAreDefault && levels.length > 0 ? ' (yours for all)' : ''}` : 'Levels of customers',
      list.length > 0 ? list.join('\n') : none,
    ],
    ...(own ? [['Low credit notifications', own.notifications ? 'on' : '🟡 off'] as const] : []),
    ['At least between two alerts of a balance', intervalMinutes === 0 ? 'no pause' : `${intervalMinutes} min`],
  ]);
}

const UNIT: Record<AlertLevel['kind'], (value: string) => string> = {
  credits: (value) => `${value} credits`,
  percent: (value) => `${value} % of the last top-up`,
  minutes: (value) => `${value} min of calls`,
  days: (value) => `${value} days left`,
};

/** "very low at 10 % of the last top-up" */
export function levelText({ status, kind, value }: AlertLevel): string {
  return `${status === 'low' ? 'low' : 'very low'} at ${UNIT[kind](value.toLocaleString('en-US'))}`;
}

/** "in #alerts", "to `ops@…`" */
export function placeText({ kind, to }: AlertPlace): string {
  switch (kind) {
    case 'slack':
      return `in <#${to}>`;
    case 'dm':
      return `to <@${to}>`;
    case 'email':
      return `at ${code(to, 60)}`;
    case 'none':
      return 'anywhere';
  }
}

/**
 * Why something did not arrive: our own words, with what Slack or a mail server called it. Escaped, so that nothing in it
 * is a mention, and otherwise as it is, so that it can be copied.
 */
function reasonText(reason: string): string {
  const line = reason.replace(/\s+/g, ' ').slice(0, REASON_LENGTH);
  return escape(line).replace('"/invite @Talktime"', '`/invite @Talktime`');
}

function nextOf({ customer, channels, emails }: AlertsOverview, command: string): string {
  if (!customer && channels.length === 0 && emails.length === 0)
    return `type ${code(`${command} alerts here`)} in the channel that alerts are to go to.`;
  const id = customer ? ` ${customer.id}` : '';
  return `${code(`${command} alerts levels${id}`, 120)} changes when, ${code(`${command} alerts here${id}`, 120)} where, ${code(`${command} alerts test`)} tries it.`;
}

/** What came of a test. */
export function alertTestMessage(test: AlertTest): Message {
  switch (test.kind) {
    case 'delivered':
      return said(`✅ The test alert arrived ${placeText(test.place)}.`);
    case 'failed':
      return said(`🔴 The test alert did not arrive ${placeText(test.place)}: ${reasonText(test.reason)}`);
    case 'waiting':
      return said(
        `⏳ The test alert ${placeText(test.place)} is on its way${test.reason === null ? '' : `, after a first attempt that failed: ${reasonText(test.reason)}`}\n*Next:* look there in a minute.`,
      );
    case 'refused':
      return said(`🔴 Nothing was sent. ${inert(test.detail, 400)}`);
  }
}

/** What stands in a channel from the moment on that alerts go there. */
export function alertsHereMessage(by: string, customerName: string | null): Message {
  const text =
    customerName === null
      ? `🔔 Talktime’s alerts come here from now on, set by <@${by}>. They name customers and their balances.`
      : `🔔 This channel is now *${inert(customerName)}*’s in Talktime, set by <@${by}>: alerts about its credits come here, and ${code('/credits balance')} answers about it.`;
  return { text: text.replaceAll('*', ''), blocks: [section(text)] };
}

function said(text: string): Message {
  return { text: text.split('\n')[0] ?? text, blocks: [section(text)] };
}
