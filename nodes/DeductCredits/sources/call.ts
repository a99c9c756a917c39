import { NodeOperationError, type IExecuteFunctions, type INodeProperties } from 'n8n-workflow';
import type { DeductionRequest } from '../../../core/contract';
import { customerField, locatedCustomer } from '../../shared/customer';
import { requiredText, textOf } from '../../shared/parameters';

type CallDeduction = Extract<DeductionRequest, { source: 'call' }>;

const show = { source: ['call'] };

export const callFields: INodeProperties[] = [
  {
    displayName: 'Provider',
    name: 'provider',
    type: 'string',
    required: true,
    default: 'retell',
    placeholder: 'e.g. retell',
    description:
      'Whose call ID it is: a word in small letters such as retell, vapi or twilio. Use the same word every time.',
    displayOptions: { show },
  },
  {
    displayName: 'Call ID',
    name: 'callId',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. {{ $json.call.call_id }}',
    hint: 'A call is charged once for each Call ID, however often this runs',
    description: "The provider's own ID of the call. Never an execution ID: that changes when an execution is retried.",
    displayOptions: { show },
  },
  {
    displayName: 'Duration (Seconds)',
    name: 'seconds',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. 61 or {{ $json.call.duration_ms / 1000 }}',
    description: 'How long the call lasted. Talktime rounds it by the rule of the customer.',
    displayOptions: { show },
  },
  {
    ...customerField,
    required: false,
    description: 'Whose call it was. Leave it empty to have it found by an agent ID or a phone number below.',
    displayOptions: { show },
  },
  {
    displayName: 'Additional Fields',
    name: 'callOptions',
    type: 'collection',
    placeholder: 'Add Field',
    default: {},
    displayOptions: { show },
    options: [
      {
        displayName: 'Account',
        name: 'account',
        type: 'string',
        default: '',
        placeholder: 'e.g. emea',
        description: 'Which account at the provider, when you have several',
      },
      {
        displayName: 'Agent ID',
        name: 'agentId',
        type: 'string',
        default: '',
        description: 'The agent that took the call. Finds the customer when none is chosen.',
      },
      {
        displayName: 'Cost',
        name: 'costAmount',
        type: 'string',
        default: '',
        placeholder: 'e.g. 0.082',
        description: 'What the call cost you, in money. Recorded for your margin; it does not change the price.',
      },
      {
        displayName: 'Cost Currency',
        name: 'costCurrency',
        type: 'string',
        default: 'USD',
        description: 'The currency of the cost, as three letters',
      },
      {
        displayName: 'Leg',
        name: 'leg',
        type: 'string',
        default: '',
        description: 'Which leg of the call, when one Call ID stands for several that are charged apart',
      },
      {
        displayName: 'Phone Number',
        name: 'phoneNumber',
        type: 'string',
        default: '',
        placeholder: 'e.g. +14155550199',
        description: 'Your number in the call. Finds the customer when none is chosen.',
      },
      {
        displayName: 'Started At',
        name: 'startedAt',
        type: 'string',
        default: '',
        placeholder: 'e.g. 2026-11-24T16:00:00Z',
        description:
          'When the call started, as ISO 8601 or in milliseconds. Decides which version of the rate applies.',
      },
    ],
  },
];

export async function readCall(context: IExecuteFunctions, itemIndex: number): Promise<CallDeduction> {
  const options = context.getNodeParameter('callOptions', itemIndex, {}) as Record<string, unknown>;
  const cost = textOf(options.costAmount);
  return {
    source: 'call',
    provider: requiredText(context, 'provider', 'Provider', itemIndex).toLowerCase(),
    call_id: requiredText(context, 'callId', 'Call ID', itemIndex),
    seconds: requiredText(context, 'seconds', 'Duration (Seconds)', itemIndex),
    account: textOf(options.account),
    leg: textOf(options.leg),
    agent_id: textOf(options.agentId),
    phone_number: textOf(options.phoneNumber),
    ...customerOfCall(context, itemIndex),
    started_at: readMoment(context, options.startedAt, itemIndex),
    cost:
      cost === undefined
        ? undefined
        : { amount: cost, currency: (textOf(options.costCurrency) ?? 'USD').toUpperCase() },
  };
}

/** The service finds the customer of an agent or a number itself, and keeps the call when it finds none. */
function customerOfCall(
  context: IExecuteFunctions,
  itemIndex: number,
): Pick<CallDeduction, 'customer_id' | 'agent_id' | 'phone_number'> {
  const located = locatedCustomer(context, itemIndex);
  if (located.mode === 'none') return {};
  const { mode, value } = located;
  return mode === 'agent'
    ? { agent_id: value }
    : mode === 'phone_number'
      ? { phone_number: value }
      : { customer_id: value };
}

/** ISO text, a number of milliseconds, a Date, or a Luxon moment from an expression. */
function readMoment(context: IExecuteFunctions, value: unknown, itemIndex: number): string | undefined {
  const text = value instanceof Date ? value.toISOString() : textOf(value);
  if (text === undefined) return undefined;
  const moment = new Date(/^\d{12,14}$/.test(text) ? Number(text) : text);
  if (!Number.isNaN(moment.getTime())) return moment.toISOString();
  throw new NodeOperationError(context.getNode(), "'Started At' is not a moment in time", {
    description: 'Enter it as ISO 8601 with a zone, such as 2026-11-24T16:00:00Z, or in milliseconds.',
    itemIndex,
  });
}
