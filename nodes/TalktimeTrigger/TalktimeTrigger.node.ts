import {
  NodeConnectionTypes,
  type IDataObject,
  type IHookFunctions,
  type INodeParameterResourceLocator,
  type INodeType,
  type INodeTypeDescription,
  type IWebhookFunctions,
  type IWebhookResponseData,
} from 'n8n-workflow';
import type { Webhook, WebhookCreateRequest, WebhookCreated, WebhookEventType } from '../../core/contract';
import { customerField, searchCustomers } from '../shared/customer';
import { textOf } from '../shared/parameters';
import { CREDENTIAL, talktimeRequest, talktimeRequestOr } from '../shared/transport';
import { isSigned } from './signature';

/** What is remembered of the webhook that this trigger made in Talktime. */
interface Remembered extends IDataObject {
  webhookId?: string;
  secret?: string;
}

export class TalktimeTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Talktime Trigger',
    name: 'talktimeTrigger',
    icon: { light: 'file:../icons/talktime.svg', dark: 'file:../icons/talktime.dark.svg' },
    group: ['trigger'],
    version: 1,
    subtitle: '={{ $parameter["events"].join(", ") }}',
    description: 'Starts the workflow when a balance runs low, credits are topped up, a call is deducted, and more',
    defaults: { name: 'Talktime Trigger' },
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: CREDENTIAL, required: true }],
    webhooks: [{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'webhook' }],
    properties: [
      {
        displayName: 'Events',
        name: 'events',
        type: 'multiOptions',
        required: true,
        noDataExpression: true,
        options: [
          { name: 'Balance Critical', value: 'balance.critical' },
          { name: 'Balance Exhausted', value: 'balance.exhausted', description: 'A balance has run out' },
          { name: 'Balance Low', value: 'balance.low', description: 'A balance came down to its Low Credit Threshold' },
          { name: 'Balance Recovered', value: 'balance.recovered' },
          { name: 'Call Deducted', value: 'call.deducted', description: 'Each charged call, with its receipt' },
          {
            name: 'Call in Suspense',
            value: 'call.suspended',
            description: 'A call that matches no customer or has no price',
          },
          { name: 'Margin Low', value: 'margin.low', description: "A customer's margin fell below your margin guard" },
          { name: 'Margin Recovered', value: 'margin.recovered' },
          { name: 'Payment Dispute Closed', value: 'payment.dispute_closed', description: 'Won or lost' },
          { name: 'Payment Disputed', value: 'payment.disputed', description: 'A bank takes money back, for now' },
          { name: 'Payment Failed', value: 'payment.failed', description: 'Money that was promised did not come' },
          { name: 'Payment Refunded', value: 'payment.refunded', description: 'What is refunded of it has changed' },
          { name: 'Payment Succeeded', value: 'payment.succeeded', description: 'Paid, and the credits are there' },
          { name: 'Plan Applied', value: 'plan.applied' },
          { name: 'Topped Up', value: 'credits.topped_up' },
        ],
        default: ['balance.low', 'balance.exhausted'],
        description: 'Balance events are told for customers with Low Credit Notifications Enabled',
      },
      {
        displayName: 'Only for One Customer',
        name: 'oneCustomer',
        type: 'boolean',
        noDataExpression: true,
        default: false,
        description: 'Whether to start only for what is about one customer',
      },
      {
        ...customerField,
        modes: (customerField.modes ?? []).filter(({ name }) => name === 'list' || name === 'id'),
        description: 'Whose events start the workflow',
        displayOptions: { show: { oneCustomer: [true] } },
      },
    ],
  };

  methods = { listSearch: { searchCustomers } };

  webhookMethods = {
    default: {
      async checkExists(this: IHookFunctions): Promise<boolean> {
        const remembered = this.getWorkflowStaticData('node') as Remembered;
        if (remembered.webhookId === undefined || remembered.secret === undefined) return false;
        const path = `/v1/webhooks/${encodeURIComponent(remembered.webhookId)}`;
        const known = await talktimeRequestOr<Webhook>(this, { method: 'GET', path }, ['WEBHOOK_NOT_FOUND']);
        return known.ok && isAsWanted(known.body, wanted(this));
      },

      async create(this: IHookFunctions): Promise<boolean> {
        const remembered = this.getWorkflowStaticData('node') as Remembered;
        const body = wanted(this);
        await forgetSameAddress(this, body.url);
        const { id, secret } = await talktimeRequest<WebhookCreated>(this, {
          method: 'POST',
          path: '/v1/webhooks',
          body,
        });
        remembered.webhookId = id;
        remembered.secret = secret;
        return true;
      },

      async delete(this: IHookFunctions): Promise<boolean> {
        const remembered = this.getWorkflowStaticData('node') as Remembered;
        if (remembered.webhookId !== undefined) await remove(this, remembered.webhookId);
        delete remembered.webhookId;
        delete remembered.secret;
        return true;
      },
    },
  };

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    const { secret } = this.getWorkflowStaticData('node') as Remembered;
    const { rawBody } = this.getRequestObject();
    const headers = this.getHeaderData() as Record<string, string | string[] | undefined>;
    if (secret === undefined || !isSigned(secret, headers, rawBody, Date.now())) {
      const response = this.getResponseObject();
      response.status(401).json({ message: 'The signature is not that of Talktime' });
      return { noWebhookResponse: true };
    }
    return { webhookResponse: 'received', workflowData: [[{ json: this.getBodyData() }]] };
  }
}

/** The webhook that the node's fields ask for. */
function wanted(context: IHookFunctions): WebhookCreateRequest & { url: string } {
  const customer = context.getNodeParameter('oneCustomer', false)
    ? (context.getNodeParameter('customer', '') as INodeParameterResourceLocator | string)
    : undefined;
  return {
    url: context.getNodeWebhookUrl('default') ?? '',
    events: context.getNodeParameter('events', []) as WebhookEventType[],
    customer_id: textOf(typeof customer === 'object' ? customer.value : customer),
    description: `n8n: ${context.getWorkflow().name ?? 'a workflow'}`.slice(0, 200),
  };
}

function isAsWanted(known: Webhook, { url, events, customer_id }: WebhookCreateRequest): boolean {
  return (
    known.url === url &&
    known.customer_id === (customer_id ?? null) &&
    [...known.events].sort().join() === [...events].sort().join()
  );
}

/** One for other events, or one whose secret was lost because n8n ended before it was kept: nothing could read what it sends. */
async function forgetSameAddress(context: IHookFunctions, url: string): Promise<void> {
  const { items } = await talktimeRequest<{ items: Webhook[] }>(context, { method: 'GET', path: '/v1/webhooks' });
  for (const { id } of items.filter((webhook) => webhook.url === url)) await remove(context, id);
}

async function remove(context: IHookFunctions, webhookId: string): Promise<void> {
  const path = `/v1/webhooks/${encodeURIComponent(webhookId)}`;
  await talktimeRequestOr(context, { method: 'DELETE', path }, ['WEBHOOK_NOT_FOUND']);
}
