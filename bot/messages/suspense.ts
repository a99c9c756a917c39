import type { SuspendedCall } from '@talktime/core/contract';
import type { Settled } from '../ports';
import { credits, fromWire } from './amounts';
import { context, divider, header, section, type Message, type MessageBlock } from './message';
import { code, inert, moment } from './text';

/** The most waiting calls that one message shows, oldest first. */
export const SUSPENDED_SHOWN = 10;

const WHY: Record<SuspendedCall['reason'], string> = {
  no_customer: 'no customer has its agent, number or metadata',
  several_customers: 'it points to more than one customer',
  rate_required: 'whoever pays for it has no price per minute',
  implausible: 'it is reported longer than a day',
  unconfirmed: 'its length is not signed, and longer than what is taken on trust',
  linked_elsewhere: 'the same call, by its other provider, is another customer’s',
};

/** The calls that wait for somebody to say whose they are. */
export function suspenseListMessage(
  { calls, isAll }: { readonly calls: readonly SuspendedCall[]; readonly isAll: boolean },
  command: string,
): Message {
  if (calls.length === 0) {
    const text = '🟢 No call waits: every one has its customer.';
    return { text, blocks: [section(text)] };
  }
  const count = calls.length === 1 ? 'One call waits' : `${calls.length} calls wait`;
  const title = isAll ? count : `The ${calls.length} calls that wait longest`;
  const blocks: MessageBlock[] = [header(`🗂️ ${title}`)];
  for (const call of calls) {
    const clue = call.agent_id
      ? `agent ${code(call.agent_id)}`
      : call.to_number
        ? `to ${code(call.to_number)}`
        : 'no clue';
    blocks.push(
      section(
        `*${call.raw_seconds} s* by ${inert(call.provider)}, ${clue} · ${moment(new Date(call.received_at))}\n${WHY[call.reason]}\n${code(call.call_id)}`,
      ),
    );
  }
  blocks.push(
    divider(),
    section(
      `*Next:* ${code(`${command} suspense assign CALL CUSTOMER agent`, 120)} charges a call and maps its agent; ${code(`${command} suspense dismiss CALL REASON`, 120)} closes it uncharged.`,
    ),
    context('only you can see this'),
  );
  return { text: title, blocks };
}

/** What came of assigning or dismissing. */
export function suspenseSettledMessage(settled: Settled): Message {
  switch (settled.kind) {
    case 'charged': {
      const text = `✅ Charged ${credits(fromWire(settled.credits))} to ${inert(settled.customerId)}; the balance is ${credits(fromWire(settled.balance))}.`;
      return { text, blocks: [section(text)] };
    }
    case 'dismissed':
      return { text: '✅ The call is closed, uncharged.', blocks: [section('✅ The call is closed, uncharged.')] };
    case 'refused': {
      const text = `🔴 Nothing was changed. ${inert(settled.detail, 400)}`;
      return { text, blocks: [section(text)] };
    }
  }
}

/** The words were not understood. */
export function suspenseUsageMessage(command: string): Message {
  const text = 'That was not understood, and nothing was changed.';
  const lines = [
    `${command} suspense`,
    `${command} suspense assign CALL CUSTOMER [agent|phone_number|metadata]`,
    `${command} suspense dismiss CALL REASON`,
  ];
  return { text, blocks: [section(`${text}\n*Next:* one of\n${lines.map((line) => code(line, 120)).join('\n')}`)] };
}
