import type { Question } from '../commands/answer';
import { customerMeant } from '../commands/customer';
import { alertsHereMessage } from '../messages';
import { section } from '../messages/message';
import { code, inert } from '../messages/text';
import type { BotData, CustomerRef } from '../ports';
import type { Form, Reply, Submission } from './form';
import { noticeModal, type Modal, type ModalContext } from './modal';
import { remarkOn } from './money';

const TITLE = 'Alerts';
const HERE = 'talktime_alerts_here_form';
const OFF = 'talktime_alerts_off_form';

/** `alerts here [customer]`: says who will see what, before anything goes to a channel. */
export async function hereModal(question: Question, data: BotData, typed: string): Promise<Modal> {
  const { access, partnerId, channelId, command } = question;
  if (channelId === null)
    return noticeModal(TITLE, `Type it in the channel that alerts are to go to: this is a conversation with me.`);
  const meant = await customerMeant(data, access, typed);
  if (access.customerId !== null && typed.trim() === '') {
    const name = meant.kind === 'one' ? inert(meant.customer.name) : 'a customer';
    return noticeModal(
      TITLE,
      `This channel is *${name}*’s, and alerts about it come here already. Your own alerts name every customer, so they do not.\n*Next:* type it in a channel of your own.`,
    );
  }
  const own = await data.alertChannel(partnerId);
  if (meant.kind === 'unsaid') return own === channelId ? alreadyHere() : ownHere(own, { channelId, ids: {} });
  if (meant.kind !== 'one') return noticeModal(TITLE, remarkOn(meant) ?? '');
  if (own === channelId)
    return noticeModal(
      TITLE,
      `Your own alerts come to this channel, and they name every customer.\n*Next:* give them another channel first (${code(`${command} alerts here`)} there).`,
    );
  return customersHere(meant.customer, await mayLook(data, partnerId, meant.customer), channelId);
}

const alreadyHere = () => noticeModal(TITLE, '🔔 Your alerts come to this channel already.');

async function mayLook(data: BotData, partnerId: string, { id }: CustomerRef): Promise<boolean> {
  return (await data.customerBalance(partnerId, id))?.customer.settings.show_pricing_information ?? false;
}

function ownHere(before: string | null, context: ModalContext): Modal {
  return {
    callbackId: HERE,
    title: TITLE,
    submit: 'Send them here',
    close: 'Cancel',
    blocks: [
      section(
        `Your alerts come to <#${context.channelId ?? ''}> from now on.${before === null ? '' : ` Now they go to <#${before}>.`}`,
      ),
      section(
        '⚠️ They name every customer and its balance. Everybody in this channel reads them: also people of other companies, if it is shared with some. Is it your own people’s alone?',
      ),
      section('I post a line in the channel, so that everybody there knows.'),
    ],
    context,
  };
}

function customersHere(customer: CustomerRef, showsPricing: boolean, channelId: string): Modal {
  const name = `*${inert(customer.name)}*`;
  return {
    callbackId: HERE,
    title: TITLE,
    submit: 'Link the channel',
    close: 'Cancel',
    blocks: [
      section(`<#${channelId}> becomes ${name}’s.`),
      section(
        [
          `*Everybody in it*, people of other companies too, then`,
          `• reads alerts about ${name} here`,
          showsPricing
            ? `• may ask for its price per minute, balance, usage and history, because Show Pricing Information is on`
            : `• may ask whether its credits are fine, and sees no figure, because Show Pricing Information is off`,
          `• sees nothing of any other customer, and nothing of your costs, margins and balance`,
        ].join('\n'),
      ),
      section('I post a line in the channel, so that everybody there knows.'),
    ],
    context: { channelId, ids: { customer: customer.id } },
  };
}

/** `alerts off [customer]`: what ends by it. */
export async function offModal(question: Question, data: BotData, typed: string): Promise<Modal> {
  const { access, partnerId, channelId } = question;
  const meant = await customerMeant(data, access, typed);
  if (meant.kind === 'several' || meant.kind === 'unknown') return noticeModal(TITLE, remarkOn(meant) ?? '');
  const customer = meant.kind === 'one' ? meant.customer : null;
  const shown = await data.alertsOverview(partnerId, customer?.id ?? null);
  const channels = shown?.channels ?? [];
  if (channels.length === 0)
    return noticeModal(
      TITLE,
      customer
        ? `*${inert(customer.name)}* has no channel: nothing is to be switched off.`
        : 'Your alerts go to no channel: nothing is to be switched off.',
    );
  const list = channels.map((id) => `<#${id}>`).join(', ');
  const ends = customer
    ? `Alerts about *${inert(customer.name)}* no longer go to ${list}, and nobody there may ask about its credits any more.`
    : `Your alerts no longer go to ${list}. ${shown?.emails.length ? 'They still go out by e-mail.' : '⚠️ Then nobody hears when a balance is used up.'}`;
  return {
    callbackId: OFF,
    title: TITLE,
    submit: 'Switch off',
    close: 'Cancel',
    blocks: [section(ends)],
    context: { channelId, ids: customer ? { customer: customer.id } : {} },
  };
}

/** Whether the form is about a customer that the asker may not touch from where they are. */
const isElsewhere = ({ access, context }: Submission) =>
  access.customerId !== null && access.customerId !== context.ids.customer;

const elsewhere = (): Reply => ({
  kind: 'show',
  modal: noticeModal(
    TITLE,
    'This channel is one customer’s. Nothing was changed.\n*Next:* do it in a channel of your own.',
  ),
});

export const ALERT_PLACE_FORMS: readonly Form[] = [
  {
    callbackId: HERE,
    least: 'manager',
    submitted(submission, { data }): Reply {
      if (isElsewhere(submission)) return elsewhere();
      return { kind: 'work', work: () => comeHere(submission, data) };
    },
  },
  {
    callbackId: OFF,
    least: 'manager',
    submitted(submission, { data }): Reply {
      if (isElsewhere(submission)) return elsewhere();
      return { kind: 'work', work: () => goAway(submission, data) };
    },
  },
];

/** Posts first: when Slack refuses that, alerts would not arrive either, and nothing is changed. */
async function comeHere(submission: Submission, data: BotData): Promise<Modal> {
  const { access, actor, client, context } = submission;
  const { partnerId } = access;
  const channelId = context.channelId ?? '';
  const customerId = context.ids.customer;
  if (customerId === undefined && (await data.alertChannel(partnerId)) === channelId) return alreadyHere();
  const found = customerId === undefined ? null : await data.customerBalance(partnerId, customerId);
  if (customerId !== undefined && !found)
    return noticeModal(TITLE, 'That customer is gone meanwhile. Nothing was changed.');
  const { text, blocks } = alertsHereMessage(actor.userId, found?.customer.name ?? null);
  const posting = { channel: channelId, text, blocks, unfurl_links: false, unfurl_media: false };
  const posted = await client.chat.postMessage(posting).catch((error: unknown) => refusedBySlack(error));
  if (typeof posted === 'string') return noticeModal('Nothing was changed', posted);
  const channel = { teamId: actor.installedTeamId ?? actor.teamId, channelId };
  const changed =
    customerId === undefined
      ? await data.setAlertChannel(partnerId, actor, channel)
      : await data.linkChannel(partnerId, actor, channel, customerId);
  if (changed.kind === 'done')
    return noticeModal(TITLE, `✅ Done: alerts come to <#${channelId}>.`, '*Next:* `/credits alerts test` tries it.');
  await client.chat.update({
    channel: posted.channel ?? channelId,
    ts: posted.ts ?? '',
    text: 'Nothing was changed.',
    blocks: [],
  });
  return noticeModal('Nothing was changed', `🔴 ${inert(changed.detail, 400)}`);
}

async function goAway({ access, actor, context }: Submission, data: BotData): Promise<Modal> {
  const { partnerId } = access;
  const customerId = context.ids.customer;
  if (customerId !== undefined) {
    const count = await data.unlinkChannels(partnerId, actor, customerId);
    return noticeModal(
      TITLE,
      count === 0 ? 'It had no channel any more.' : '✅ Done: no channel is that customer’s any more.',
    );
  }
  const changed = await data.setAlertChannel(partnerId, actor, null);
  if (changed.kind === 'refused') return noticeModal('Nothing was changed', `🔴 ${inert(changed.detail, 400)}`);
  return noticeModal(
    TITLE,
    '✅ Done: your alerts go to no channel.',
    '*Next:* `/credits alerts here` in a channel sends them there.',
  );
}

/** Why Slack did not take a post, and what to do. What is no answer of Slack's is a fault. */
function refusedBySlack(error: unknown): string {
  const reason = slackError(error);
  if (reason === null) throw error;
  if (reason === 'not_in_channel' || reason === 'channel_not_found')
    return '🔴 Talktime is not in this channel.\n*Next:* type `/invite @Talktime` here, and then the same again.';
  return `🔴 Slack does not let Talktime post here (${code(reason)}).\n*Next:* choose another channel, or ask an admin of your workspace.`;
}

function slackError(error: unknown): string | null {
  const data = typeof error === 'object' && error !== null && 'data' in error ? error.data : null;
  const code = typeof data === 'object' && data !== null && 'error' in data ? data.error : null;
  return typeof code === 'string' ? code : null;
}
