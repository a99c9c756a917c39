import {
  SUSPENDED_SHOWN,
  suspenseListMessage,
  suspenseSettledMessage,
  suspenseUsageMessage,
  type Message,
} from '../messages';
import { retype } from '../messages/text';
import { isAtLeast, type BotData } from '../ports';
import { refusalMessage } from '../messages/trouble';
import type { Answering, Question } from './answer';

const CALL_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MAPS = new Set(['agent', 'phone_number', 'metadata']);

export const suspense: Answering = {
  name: 'suspense',
  usage: 'suspense [assign CALL CUSTOMER [agent] | dismiss CALL REASON]',
  does: 'calls that match no customer: the list; charge one to a customer, and map its agent; or close one uncharged',
  least: 'viewer',
  aboutAll: true,

  async answer(question, { data }) {
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

/** Money moves here, so it is for those who may move it. */
async function settle(
  question: Question,
  data: BotData,
  rest: string,
  work: (question: Question, data: BotData, words: readonly string[]) => Promise<Message | null>,
): Promise<Message> {
  if (!isAtLeast(question.access.role, 'manager')) return refusalMessage({ kind: 'not_allowed', least: 'manager' });
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
