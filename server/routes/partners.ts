import { partner, partnerCreate, partnerUpdate } from '@talktime/core/contract';
import { createPartner, getPartner, listPartners, updatePartner } from '@talktime/core/customers';
import { callerOf, partnerCaller, requireWholePartner } from '../access';
import type { Routes } from './index';
import { listOf } from './queries';

export const partnerRoutes: Routes = async (app, { talktime }) => {
  app.get(
    '/v1/partner',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Partner'],
        operationId: 'getPartner',
        summary: 'The partner: its settings and its own balance',
        response: { 200: partner },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return getPartner(talktime.database, caller.partnerId);
    },
  );

  app.patch(
    '/v1/partner',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [
          'CUSTOMER_KEY_LIMITED',
          'NUMBER_INVALID',
          'NUMBER_PRECISION',
          'NUMBER_RANGE',
          'ALERT_LEVEL_INVALID',
          'SLACK_TEAM_TAKEN',
          'SLACK_CHANNEL_TAKEN',
          'HOST_KEY_REQUIRED',
          'FUNDING_IN_USE',
          'COST_NOT_TRACKED',
        ],
        example: {
          price_per_minute: { money: '0.08' },
          low_credit_threshold: '1000',
          low_credit_notifications_enabled: true,
          customer_alert_levels: [{ status: 'low', kind: 'percent', value: '25' }],
          slack_channel: 'C0123456789',
        },
      },
      schema: {
        tags: ['Partner'],
        operationId: 'updatePartner',
        summary: "Change the partner's settings",
        description:
          'What is left out stays as it is. A new price per minute is a new version of the rate, from now on.',
        body: partnerUpdate,
        response: { 200: partner },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return updatePartner(talktime.database, caller.partnerId, caller.actor, request.body);
    },
  );

  app.post(
    '/v1/partners',
    {
      config: {
        access: { scope: 'host', tenancy: 'host' },
        problems: ['NUMBER_INVALID', 'NUMBER_PRECISION', 'NUMBER_RANGE'],
        example: { name: 'Brightline Voice', currency: 'USD', credit_value: '0.01' },
      },
      schema: {
        tags: ['Host'],
        operationId: 'createPartner',
        summary: 'Create a partner',
        body: partnerCreate,
        response: { 201: partner },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await createPartner(talktime.database, callerOf(request).actor, request.body)),
  );

  app.get(
    '/v1/partners',
    {
      config: { access: { scope: 'host', tenancy: 'host' } },
      schema: {
        tags: ['Host'],
        operationId: 'listPartners',
        summary: 'All partners, oldest first',
        response: { 200: listOf(partner) },
      },
    },
    async () => ({ items: await listPartners(talktime.database) }),
  );
};
