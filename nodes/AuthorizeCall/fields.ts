import type { INodeProperties } from 'n8n-workflow';
import { customerField } from '../shared/customer';
import { providerWebhookFields } from '../shared/providerWebhook';

const RAW_BODY =
  "In the Webhook node before this one, add the option <b>Raw Body</b> and switch it on: Talktime checks the provider's signature over the exact bytes. Give the provider what comes out under <b>response</b>.";

const ofFields = { operation: ['authorize'], source: ['fields'] };
const namesCall = [
  { show: { operation: ['authorize'], source: ['fields'] } },
  { show: { operation: ['extend', 'release'] } },
];

/** A field that names the call: for fields, and for what is done with a call that was authorised. */
function forBoth(field: INodeProperties): INodeProperties[] {
  return namesCall.map((displayOptions) => ({ ...field, displayOptions }));
}

export const authorizeCallFields: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    options: [
      {
        name: 'Authorize',
        value: 'authorize',
        description: 'Ask whether a call may begin, and hold what it may cost',
        action: 'Authorize a call',
      },
      {
        name: 'Extend',
        value: 'extend',
        description: "Raise a live call's limit after a top-up",
        action: 'Extend a call',
      },
      {
        name: 'Release',
        value: 'release',
        description: 'Give back what is held for a call that never happened',
        action: 'Release a call',
      },
    ],
    default: 'authorize',
  },
  {
    displayName: 'Source',
    name: 'source',
    type: 'options',
    noDataExpression: true,
    options: [
      {
        name: 'Provider Webhook',
        value: 'providerWebhook',
        description:
          "The question that Vapi, Retell, Synthflow or ElevenLabs asks before a call: Talktime verifies it, decides, and gives the answer in the provider's form",
      },
      { name: 'Fields', value: 'fields', description: 'A call that you describe: its ID and whose it is' },
    ],
    default: 'providerWebhook',
    description: 'Where the call comes from',
    displayOptions: { show: { operation: ['authorize'] } },
  },
  ...providerWebhookFields.map((field) => ({
    ...field,
    ...(field.type === 'notice' && { displayName: RAW_BODY }),
    displayOptions: { show: { operation: ['authorize'], source: ['providerWebhook'] } },
  })),
  ...forBoth({
    displayName: 'Provider',
    name: 'provider',
    type: 'string',
    required: true,
    default: 'retell',
    placeholder: 'e.g. retell',
    description:
      'Whose call ID it is: a word in small letters such as retell, vapi or twilio, as when its end is deducted',
  }),
  ...forBoth({
    displayName: 'Call ID',
    name: 'callId',
    type: 'string',
    required: true,
    default: '',
    placeholder: 'e.g. {{ $json.call_id }}',
    hint: 'The same ID as at the end of the call: it turns what is held into the charge',
    description: "The provider's own ID of the call. Never an execution ID: that changes when an execution is retried.",
  }),
  {
    ...customerField,
    required: false,
    description: 'Whose call it will be, by ID, or by an agent or a number that is mapped to the customer',
    displayOptions: { show: ofFields },
  },
  {
    displayName: 'Additional Fields',
    name: 'callOptions',
    type: 'collection',
    placeholder: 'Add Field',
    default: {},
    displayOptions: { show: ofFields },
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
        description: 'The agent that will take the call. Finds the customer when none is chosen.',
      },
      {
        displayName: 'Minimum Seconds',
        name: 'minimumSeconds',
        type: 'number',
        typeOptions: { minValue: 1, maxValue: 3600 },
        default: 60,
        description: 'Refuse when the balance covers less than this',
      },
      {
        displayName: 'Phone Number',
        name: 'phoneNumber',
        type: 'string',
        default: '',
        placeholder: 'e.g. +14155550199',
        description: 'Your number in the call. Finds the customer when none is chosen.',
      },
    ],
  },
  {
    displayName: 'Split Output by Decision',
    name: 'splitByDecision',
    type: 'boolean',
    noDataExpression: true,
    default: false,
    description:
      'Whether to have two outputs: Allowed and Refused. With On Error set to Continue, an item that could not be decided leaves by Refused.',
    displayOptions: { show: { operation: ['authorize'] } },
  },
];
