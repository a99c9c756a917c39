import type Stripe from 'stripe';
import { merged } from './customers';
import { invalid } from './errors';
import { expand, flag, list, metadata, page, text } from './fields';
import { pageOf } from './lists';
import { route, type Route } from './route';
import type { Sender } from './sender';
import { API_VERSION } from './state';

export const WEBHOOK_ENDPOINTS = (sender: Sender): readonly Route[] => [
  route<Stripe.WebhookEndpointCreateParams>(
    'POST /v1/webhook_endpoints',
    'webhook',
    {
      fields: {
        api_version: text(),
        connect: flag,
        description: text(5_000),
        enabled_events: list(text(), 300),
        expand,
        metadata,
        url: text(),
      },
      required: ['enabled_events', 'url'],
    },
    ({ state, account, params }) => {
      if (!URL.canParse(params.url))
        throw invalid('Invalid URL: An explicit scheme (such as https) must be provided.', 'url_invalid', 'url');
      if (params.api_version !== undefined && params.api_version !== API_VERSION)
        throw invalid(`This fake speaks ${API_VERSION} alone`, undefined, 'api_version');
      const { id, secret } = sender.addEndpoint({
        url: params.url,
        connect: params.connect ?? false,
        enabledEvents: params.enabled_events,
        account: account.id,
      });
      const endpoint = account.add('webhookEndpoint', {
        id,
        object: 'webhook_endpoint',
        api_version: params.api_version ?? null,
        application: null,
        created: state.seconds(),
        description: params.description || null,
        enabled_events: [...params.enabled_events],
        livemode: false,
        metadata: merged({}, params.metadata),
        status: 'enabled',
        url: params.url,
      });
      // The secret is told once.
      return { ...endpoint, secret };
    },
  ),
  route<Stripe.WebhookEndpointListParams>(
    'GET /v1/webhook_endpoints',
    'webhook',
    { fields: page },
    ({ account, params }) => pageOf('/v1/webhook_endpoints', account.all('webhookEndpoint').values(), params),
  ),
  route<Stripe.WebhookEndpointRetrieveParams>(
    'GET /v1/webhook_endpoints/:id',
    'webhook',
    { fields: { expand } },
    ({ account, ids: [id = ''] }) => account.get('webhookEndpoint', id),
  ),
  route<Stripe.WebhookEndpointDeleteParams>(
    'DELETE /v1/webhook_endpoints/:id',
    'webhook',
    { fields: {} },
    ({ account, ids: [id = ''] }) => {
      account.get('webhookEndpoint', id);
      account.all('webhookEndpoint').delete(id);
      sender.removeEndpoint(id);
      return { id, object: 'webhook_endpoint', deleted: true };
    },
  ),
];
