import { NodeOperationError, type IDataObject, type IExecuteFunctions, type INodeProperties } from 'n8n-workflow';
import type { WebhookGateRequest } from '../../core/contract';
import { textOf } from './parameters';

/** A provider's webhook as it came. */
export type ProviderWebhook = WebhookGateRequest;
type Headers = ProviderWebhook['headers'];

const show = { source: ['providerWebhook'] };

export const providerWebhookFields: INodeProperties[] = [
  {
    displayName:
      "In the Webhook node before this one, add the option <b>Raw Body</b> and switch it on. Talktime checks the provider's signature over the exact bytes, and charges a call once however often it arrives.",
    name: 'rawBodyNotice',
    type: 'notice',
    default: '',
    displayOptions: { show },
  },
  {
    displayName: 'Provider',
    name: 'webhookProvider',
    type: 'options',
    options: [
      { name: 'Bland', value: 'bland' },
      { name: 'Detect Automatically', value: 'auto', description: 'Recognised by its signature header' },
      { name: 'ElevenLabs Agents', value: 'elevenlabs' },
      { name: 'GoHighLevel Voice AI', value: 'gohighlevel' },
      { name: 'LiveKit', value: 'livekit' },
      { name: 'Other (Signed JSON)', value: 'generic', description: 'As its endpoint in Talktime says' },
      { name: 'Retell', value: 'retell' },
      { name: 'Synthflow', value: 'synthflow' },
      { name: 'Twilio', value: 'twilio' },
      { name: 'Ultravox', value: 'ultravox' },
      { name: 'Vapi', value: 'vapi' },
    ],
    default: 'auto',
    description: 'Who sent the webhook',
    displayOptions: { show },
  },
  {
    displayName: 'Options',
    name: 'webhookOptions',
    type: 'collection',
    placeholder: 'Add option',
    default: {},
    displayOptions: { show },
    options: [
      {
        displayName: 'Headers',
        name: 'headers',
        type: 'json',
        default: '={{ $json.headers }}',
        description: "The webhook's headers. Unless set, they are taken from the Webhook node's output.",
      },
      {
        displayName: 'Input Binary Field',
        name: 'binaryField',
        type: 'string',
        default: 'data',
        hint: 'The name of the input binary field that holds the raw body',
        description: 'Where the raw body is. The Webhook node\'s option Raw Body puts it in "data".',
      },
      {
        displayName: 'Webhook URL',
        name: 'url',
        type: 'string',
        default: '={{ $json.webhookUrl }}',
        description:
          "The address that the provider called; Twilio signs it. Unless set, it is taken from the Webhook node's output.",
      },
    ],
  },
];

/** The webhook as it came: headers and body bytes, untouched, for the service to verify and read. */
export async function readProviderWebhook(context: IExecuteFunctions, itemIndex: number): Promise<ProviderWebhook> {
  const provider = context.getNodeParameter('webhookProvider', itemIndex, 'auto') as string;
  const options = context.getNodeParameter('webhookOptions', itemIndex, {}) as {
    headers?: unknown;
    binaryField?: unknown;
    url?: unknown;
  };
  const input = context.getInputData()[itemIndex]?.json;
  const headers = readHeaders(context, options.headers ?? input?.headers, itemIndex);
  const url = textOf(options.url) ?? addressCalled(input);
  const body = await readBody(context, textOf(options.binaryField) ?? 'data', itemIndex);
  return {
    ...(provider === 'auto' ? {} : { provider: provider as ProviderWebhook['provider'] }),
    headers,
    ...(url === undefined ? {} : { url }),
    body_base64: body.toString('base64'),
  };
}

/** What the Webhook node says of the address that was called, its query included. */
function addressCalled(input: IDataObject | undefined): string | undefined {
  const { webhookUrl, query } = input ?? {};
  if (typeof webhookUrl !== 'string' || webhookUrl === '') return undefined;
  const parameters = Object.entries((query ?? {}) as IDataObject).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each): [string, string] => [name, String(each)]),
  );
  return parameters.length === 0 ? webhookUrl : `${webhookUrl}?${new URLSearchParams(parameters).toString()}`;
}

async function readBody(context: IExecuteFunctions, binaryField: string, itemIndex: number): Promise<Buffer> {
  if (context.getInputData()[itemIndex]?.binary?.[binaryField] === undefined) {
    throw new NodeOperationError(context.getNode(), "The webhook's raw body is missing", {
      description: `Open the Webhook node, add the option 'Raw Body' and switch it on, then send the webhook again. This node looked for it in the binary field "${binaryField}".`,
      itemIndex,
    });
  }
  return await context.helpers.getBinaryDataBuffer(itemIndex, binaryField);
}

function readHeaders(context: IExecuteFunctions, given: unknown, itemIndex: number): Headers {
  const headers = typeof given === 'string' ? parseObject(given) : given;
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw new NodeOperationError(context.getNode(), "The webhook's headers are missing", {
      description:
        "Connect the Webhook node straight to this one. If other nodes stand between them, add the option 'Headers' here and refer to the Webhook node's headers. Without a webhook, choose another 'Source'.",
      itemIndex,
    });
  }
  const entries = Object.entries(headers as IDataObject).filter(
    (entry): entry is [string, string | string[]] =>
      // A browser session's cookies are none of the service's business.
      entry[0].toLowerCase() !== 'cookie' && (typeof entry[1] === 'string' || isTextList(entry[1])),
  );
  return Object.fromEntries(entries);
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((part) => typeof part === 'string');
}

function parseObject(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
