import {
  customerBalanceMessage,
  LOWEST_SHOWN,
  partnerBalanceMessage,
  severalCustomersMessage,
  unknownCustomerMessage,
  type Message,
} from '../messages';
import { nearest } from '../messages/nearest';
import { retype } from '../messages/text';
import type { BotData } from '../ports';
import type { Answering, Question } from './answer';

/** The most names that a guess is looked for among. */
const GUESSED_AMONG = 2_000;
const LONGEST_ARGUMENT = 200;

export const balance: Answering = {
  name: 'balance',
  usage: 'balance [customer]',
  does: 'a customer’s balance, by id or name; without one, yours and the lowest customers’',

  answer(question, data) {
    const typed = retype(question.argument).slice(0, LONGEST_ARGUMENT);
    return typed === '' ? ofPartner(question, data) : ofCustomer(typed, question, data);
  },
};

async function ofPartner({ partnerId, command }: Question, data: BotData): Promise<Message> {
  const [own, lowest] = await Promise.all([data.partnerBalance(partnerId), data.lowest(partnerId, LOWEST_SHOWN)]);
  return partnerBalanceMessage(own, lowest, command);
}

async function ofCustomer(typed: string, { partnerId, command }: Question, data: BotData): Promise<Message> {
  const found = await data.findCustomers(partnerId, typed);
  // An id is one customer's, even where it is another's name.
  const byId = found.find(({ id }) => id.toLowerCase() === typed.toLowerCase());
  const [only, ...others] = byId ? [byId] : found;
  if (others.length > 0) return severalCustomersMessage(typed, found, command);
  const shown = only && (await data.customerBalance(partnerId, only.id));
  if (shown) return customerBalanceMessage(shown);
  const names = await data.customerNames(partnerId, GUESSED_AMONG);
  return unknownCustomerMessage(
    typed,
    nearest(typed, names, ({ id, name }) => [id, name]),
    command,
  );
}
