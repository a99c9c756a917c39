import {
  alertsMessage,
  alertTestMessage,
  severalCustomersMessage,
  unknownCustomerMessage,
  type Message,
} from '../messages';
import { retype } from '../messages/text';
import { refusalMessage, refusalText, textMessage } from '../messages/trouble';
import { isAtLeast, type BotData } from '../ports';
import { hereModal, offModal } from '../views/alert-places';
import { levelsModal } from '../views/alert-levels';
import { noticeModal, type Modal } from '../views/modal';
import { snoozeAllModal, snoozeModal } from '../views/snooze';
import { remarkOn } from '../views/money';
import type { Opening, Question } from './answer';
import { customerMeant } from './customer';
import { lasting, splitDuration } from './duration';

const TITLE = 'Alerts';
const OPENING = new Set(['here', 'off', 'levels']);
/** So many open alerts are kept quiet at once. */
const MOST_SNOOZED = 200;

/** What is set and open; where alerts go and when; peace for a while. */
export const alerts: Opening = {
  name: 'alerts',
  usage: 'alerts [customer] | here | off | levels | snooze | test',
  does: 'what is open, where alerts go and when they come; here, off, levels and snooze take a customer, too',
  least: 'viewer',

  opens(argument) {
    const { verb, rest } = splitVerb(argument);
    return OPENING.has(verb) || (verb === 'snooze' && splitDuration(rest).milliseconds === null);
  },

  async open(question, { data }) {
    if (!isAtLeast(question.access.role, 'manager'))
      return noticeModal(TITLE, refusalText({ kind: 'not_allowed', least: 'manager' }));
    const { verb, rest } = splitVerb(question.argument);
    switch (verb) {
      case 'here':
        return hereModal(question, data, rest);
      case 'off':
        return offModal(question, data, rest);
      case 'levels':
        return levelsModal(question, data, rest);
      default:
        return snoozeOpens(question, data, rest);
    }
  },

  async answer(question, { data }) {
    const { access, argument, command } = question;
    const { verb, rest } = splitVerb(argument);
    const mayChange = isAtLeast(access.role, 'manager');
    if (verb === 'snooze' || verb === 'test') {
      if (!mayChange) return refusalMessage({ kind: 'not_allowed', least: 'manager' });
      return verb === 'test' ? test(question, data) : snooze(question, data, rest);
    }
    const meant = await customerMeant(data, access, argument);
    if (meant.kind === 'several') return severalCustomersMessage(meant.typed, meant.customers, command, 'alerts');
    if (meant.kind === 'unknown') return unknownCustomerMessage(meant.typed, meant.near, command, 'alerts');
    const customer = meant.kind === 'one' ? meant.customer : null;
    const shown = await data.alertsOverview(question.partnerId, customer?.id ?? null);
    if (!shown) return unknownCustomerMessage(customer?.id ?? '', [], command, 'alerts');
    return alertsMessage(shown, { command, mayChange });
  },
};

function splitVerb(argument: string): { verb: string; rest: string } {
  const [, verb = '', rest = ''] = /^(\S*)\s*(.*)$/s.exec(argument.trim()) ?? [];
  return { verb: retype(verb).toLowerCase(), rest };
}

/** Tries the channel that it is typed in, when alerts go there; else the one of the partner's alerts. */
async function test({ access, actor, partnerId, channelId }: Question, data: BotData): Promise<Message> {
  const isHere =
    channelId !== null && (access.customerId !== null || (await data.alertChannel(partnerId)) === channelId);
  return alertTestMessage(await data.testAlert(partnerId, actor, isHere ? channelId : null));
}

async function snoozeOpens(question: Question, data: BotData, rest: string): Promise<Modal> {
  const { access, partnerId, channelId } = question;
  const meant = await customerMeant(data, access, rest);
  if (meant.kind === 'unsaid') return snoozeAllModal(await data.openEpisodes(partnerId, null, MOST_SNOOZED), channelId);
  if (meant.kind !== 'one') return noticeModal('Snooze', remarkOn(meant) ?? '');
  const walletId = await data.walletOf(partnerId, meant.customer.id);
  if (walletId === null) return noticeModal('Snooze', 'That customer is gone meanwhile.');
  return snoozeModal({ walletId, episode: null, name: meant.customer.name }, channelId);
}

async function snooze(question: Question, data: BotData, rest: string): Promise<Message> {
  const { access, actor, command, partnerId } = question;
  const { words, milliseconds } = splitDuration(rest);
  const until = new Date(Date.now() + (milliseconds ?? 0));
  const meant = await customerMeant(data, access, words);
  if (meant.kind === 'several') return severalCustomersMessage(meant.typed, meant.customers, command, 'alerts snooze');
  if (meant.kind === 'unknown') return unknownCustomerMessage(meant.typed, meant.near, command, 'alerts snooze');
  if (meant.kind === 'one') {
    const walletId = await data.walletOf(partnerId, meant.customer.id);
    if (walletId === null) return unknownCustomerMessage(meant.customer.id, [], command, 'alerts');
    const done = await data.snooze(partnerId, actor, walletId, until);
    return textMessage(lasting([done], until, meant.customer.name));
  }
  const open = await data.openEpisodes(partnerId, null, MOST_SNOOZED);
  if (open.length === 0) return textMessage('🟢 No alert is open: there is nothing to keep quiet.');
  const done = [];
  for (const { walletId } of open) done.push(await data.snooze(partnerId, actor, walletId, until));
  return textMessage(lasting(done, until, null));
}
