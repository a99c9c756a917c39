import {
  deadRoutes,
  listAlerts,
  openEpisodes,
  retryAlert,
  reviveRoute,
  sendTestAlert,
  type Episode,
} from '@talktime/core/alerts';
import {
  alertMessage,
  alertRouteName,
  alertTest,
  customerId,
  deadAlertRoute,
  openEpisode,
  type OpenEpisode,
} from '@talktime/core/contract';
import { z } from 'zod';
import { partnerCaller, requireCustomer, requireWholePartner } from '../access';
import type { Routes } from './index';
import { listOf, nothing, pageOf, pageQuery } from './queries';

const params = z.object({ id: z.uuid() });

/** Alerts on their way: what became of each message, and the routes that no longer work. */
export const alertRoutes: Routes = async (app, { talktime }) => {
  const { database } = talktime;

  app.get(
    '/v1/alerts',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Alerts'],
        operationId: 'listAlerts',
        summary: 'The messages that tell of alerts, newest first',
        description:
          'One for each episode and route, or one for many that crossed together. `dead` ones were given up, with the reason in `last_error`: mend it and retry them.',
        querystring: pageQuery.extend({
          state: alertMessage.shape.state.optional(),
          customer_id: customerId.optional(),
        }),
        response: { 200: pageOf(alertMessage) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const { customer_id: ofCustomer, ...query } = request.query;
      return listAlerts(database, caller.partnerId, { ...query, customerId: ofCustomer });
    },
  );

  app.get(
    '/v1/alerts/open',
    {
      config: { access: { scope: 'read', tenancy: 'partner' } },
      schema: {
        tags: ['Alerts'],
        operationId: 'listOpenAlerts',
        summary: 'The balances that are low, and of which somebody was told',
        description:
          "The worst first. A customer's key sees that customer's alone, and not what the partner's people did about it.",
        querystring: z.object({ customer_id: customerId.optional() }),
        response: { 200: listOf(openEpisode) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      const limit = caller.principal.customerId;
      if (request.query.customer_id !== undefined) requireCustomer(caller, request.query.customer_id);
      const episodes = await openEpisodes(database, caller.partnerId, limit ?? request.query.customer_id);
      return { items: episodes.map((episode) => toOpenEpisode(episode, limit !== null)) };
    },
  );

  app.post(
    '/v1/alerts/:id/retry',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'ALERT_NOT_FOUND'],
      },
      schema: {
        tags: ['Alerts'],
        operationId: 'retryAlert',
        summary: 'Deliver an alert again that was given up',
        description:
          'With the state of now, and all attempts before it. One that is not dead stays as it is. When it arrives on a route that was dead, the route is tried again from then on.',
        params,
        response: { 200: alertMessage },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return retryAlert(database, caller.partnerId, caller.actor, request.params.id);
    },
  );

  app.post(
    '/v1/alerts/test',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'ALERT_ROUTE_UNKNOWN'],
        example: { route: 'slack:T0123456789:C0123456789' },
      },
      schema: {
        tags: ['Alerts'],
        operationId: 'sendTestAlert',
        summary: 'Send a test message to a route',
        description:
          "To the partner's channel, or to another route that alerts go to. GET /v1/alerts tells what became of it.",
        body: alertTest,
        response: { 201: alertMessage },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const sent = await sendTestAlert(database, caller.partnerId, caller.actor, request.body.route);
      return reply.code(201).send(sent);
    },
  );

  app.get(
    '/v1/alerts/routes',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Alerts'],
        operationId: 'listDeadAlertRoutes',
        summary: 'The routes that no longer work, and why',
        description:
          "They are not tried until they are mended. The partner's alerts go by direct message to whoever installed the app meanwhile.",
        response: { 200: listOf(deadAlertRoute) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return { items: await deadRoutes(database, caller.partnerId) };
    },
  );

  app.post(
    '/v1/alerts/routes/revive',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: ['CUSTOMER_KEY_LIMITED', 'ALERT_ROUTE_UNKNOWN'],
        example: { route: 'slack:T0123456789:C0123456789' },
      },
      schema: {
        tags: ['Alerts'],
        operationId: 'reviveAlertRoute',
        summary: 'Try a dead route again',
        description: 'What was given up because of it is delivered, where the alert is still open.',
        body: alertRouteName,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      await reviveRoute(database, caller.partnerId, caller.actor, request.body.route);
      return reply.code(204).send();
    },
  );
};

/** What the partner's people did about it is not the customer's to see. */
function toOpenEpisode(episode: Episode, forCustomer: boolean): OpenEpisode {
  const { snoozed, acknowledged } = forCustomer ? { snoozed: null, acknowledged: null } : episode;
  return {
    wallet: episode.wallet,
    customer_id: episode.customerId,
    name: episode.name,
    episode: episode.episode,
    status: episode.status,
    since: episode.since.toISOString(),
    snoozed_until: snoozed?.until.toISOString() ?? null,
    snoozed_by: snoozed?.by ?? null,
    acknowledged_by: acknowledged?.by ?? null,
    acknowledged_at: acknowledged?.at.toISOString() ?? null,
  };
}
