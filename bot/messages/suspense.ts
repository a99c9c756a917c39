import type { SuspendedCall } from '@talktime/core/contract';
import { button, buttons, context, divider, header, section, type Message, type MessageBlock } from './message';
import { code, inert, moment } from './text';

/** The most waiting calls that one message shows, oldest first. */
export const SUSPENDED_SHOWN = 10;

export const ASSIGN_ACTION = 'talktime_suspense_assign';
export const DISMISS_ACTION = 'talktime_suspense_dismiss';

const WHY: Record<SuspendedCall['reason'], string> = {
  no_customer: 'No customer has its agent, number or metadata.',
  several_customers: 'It points to more than one customer.',
  rate_required: 'Whoever pays for it has no price per minute.',
  implausible: 'It is reported longer than a day.',
  unconfirmed: 'Its length is not signed, and longer than what is taken on trust.',
  linked_elsewhere: 'The same call, by its other provider, is another customer’s.',
};

/** The calls that wait for somebody to say whose they are; with buttons for who may say it. */
export function suspenseListMessage(
  { calls, isAll }: { readonly calls: readonly SuspendedCall[]; readonly isAll: boolean },
  maySettle: boolean,
): Message {
  if (calls.length === 0) {
    const text = '🟢 No call waits: every one has its customer.';
    return { text, blocks: [section(text)] };
  }
  const count = calls.length === 1 ? 'One call waits' : `${calls.length} calls wait`;
  const title = isAll ? count : `The ${calls.length} calls that wait longest`;
  const blocks: MessageBlock[] = [header(`🗂️ ${title}`)];
  for (const call of calls) {
    blocks.push(section(suspendedText(call)));
    if (maySettle)
      blocks.push(
        buttons(
          button('Assign…', { action: ASSIGN_ACTION, value: call.call_id, style: 'primary' }),
          button('Dismiss…', { action: DISMISS_ACTION, value: call.call_id }),
        ),
      );
  }
  blocks.push(
    divider(),
    section(
      maySettle
        ? '*Next:* assign a call to charge it to its customer, or dismiss it to close it uncharged. You confirm either.'
        : '*Next:* an owner or manager says whose they are.',
    ),
    context('Only you can see this'),
  );
  return { text: title, blocks };
}

/** One waiting call: what is known of it, and why it waits. */
export function suspendedText(call: SuspendedCall): string {
  const { raw_seconds: seconds, provider, agent_id, from_number, to_number, received_at, reason } = call;
  const clues = [
    ...(agent_id ? [`agent ${code(agent_id)}`] : []),
    ...(from_number ? [`from ${code(from_number)}`] : []),
    ...(to_number ? [`to ${code(to_number)}`] : []),
  ];
  return [
    `*${seconds.toLocaleString('en-US')} s* by ${inert(provider)} · ${moment(new Date(received_at))}`,
    clues.length > 0 ? clues.join(' · ') : 'no agent and no number',
    WHY[reason],
  ].join('\n');
}

/** The words were not understood. */
export function suspenseUsageMessage(command: string): Message {
  const text = 'That was not understood, and nothing was changed.';
  const lines = [
    `${command} suspense`,
    `${command} suspense assign CALL [CUSTOMER] [agent|phone_number|metadata]`,
    `${command} suspense dismiss CALL [REASON]`,
  ];
  return { text, blocks: [section(`${text}\n*Next:* one of\n${lines.map((line) => code(line, 120)).join('\n')}`)] };
}
