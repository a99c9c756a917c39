import {
  calledOffMessage,
  SUSPENDED_SHOWN,
  suspenseListMessage,
  suspenseSettledMessage,
  suspenseUsageMessage,
  type Message,
} from '../messages';
import { retype } from '../messages/text';
import type { BotData } from '../ports';
import type { Answering, Question } from './answer';

const CALL_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MAPS = new Set(['agent', 'phone_number', 'metadata']);

export const suspense: Answering = {
  name: 'suspense',
  usage: 'suspense [assign CALL CUSTOMER [agent] | dismiss CALL REASON]',
  does: 'calls that match no customer: the list; charge one to a customer, and map its agent; or close one uncharged',

  async answer(question, data) {
    const [, verb = '', rest = ''] = /^(\S*)\s*(.*)$/s.exec(question.argument) ?? [];
    switch (retype(verb).toLowerCase()) {
      case '':
        return suspenseListMessage(await data.suspended(question.partnerId, SUSPENDED_SHOWN), question.command);
      case 'assign':
        return settle(question, data, rest, assign);
      case 'dismiss':
        return settle(question, data, rest, dismiss);
      default:
        return suspenseUsageMessage(question.command);
    }
  },
};

/** Money moves here, so it is for the partner's own channel: who is let in there is the partner's decision. */
async function settle(
  question: Question,
  data: BotData,
  rest: string,
  work: (question: Question, data: BotData, words: readonly string[]) => Promise<Message | null>,
): Promise<Message> {
  if (!(await data.isPartnersChannel(question.partnerId, question.channelId))) return calledOffMessage();
  const words = rest.split(/\s+/).map(retype).filter(Boolean);
  return (await work(question, data, words)) ?? suspenseUsageMessage(question.command);
}

async function assign(
  { partnerId, actor }: Question,
  data: BotData,
  words: readonly string[],
): Promise<Message | null> {
  const [callId = '', customerId, map, ...more] = words;
  if (!CALL_ID.test(callId) || customerId === undefined || more.length > 0) return null;
  if (map !== undefined && !MAPS.has(map)) return null;
  const mapped = map as 'agent' | 'phone_number' | 'metadata' | undefined;
  return suspenseSettledMessage(await data.assignCall(partnerId, actor, callId, customerId, mapped));
}

async function dismiss(
  { partnerId, actor }: Question,
  data: BotData,
  words: readonly string[],
): Promise<Message | null> {
  const [callId = '', ...reason] = words;
  if (!CALL_ID.test(callId) || reason.length === 0) return null;
  return suspenseSettledMessage(await data.dismissCall(partnerId, actor, callId, reason.join(' ').slice(0, 500)));
}
