import {
  getSlackRole,
  getSlackSettings,
  linkSlackChannel,
  listSlackChannels,
  listSlackInstallations,
  listSlackRoles,
  removeSlackRole,
  setSlackRole,
  unlinkSlackChannel,
  updateSlackSettings,
} from '@talktime/core/access';
import {
  slackChannelId,
  slackChannelLink,
  slackChannelLinkSet,
  slackInstallation,
  slackInstallLink,
  slackRole,
  slackRoleSet,
  slackSettings,
  slackSettingsPatch,
  slackUserId,
  slackWorkspaceId,
  TalktimeError,
} from '@talktime/core/contract';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { partnerCaller, requireWholePartner } from '../access';
import { createInstallLink } from '../slack-links';
import type { Routes } from './index';
import { listOf, nothing } from './queries';

const access = { scope: 'manage', tenancy: 'partner' } as const;
const tags = ['Slack'];
const person = z.object({ team_id: slackWorkspaceId, user_id: slackUserId });
const channel = z.object({ channel_id: slackChannelId });

/** Slack: who may do what, whose channels are whose, and where the app is installed. */
export const slackRoutes: Routes = async (app, { talktime, slackInstallAddress }) => {
  const { database } = talktime;

  app.get(
    '/v1/slack/roles',
    {
      config: { access, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags,
        operationId: 'listSlackRoles',
        summary: 'Who has a role in Slack, owners first',
        response: { 200: listOf(slackRole) },
      },
    },
    async (request) => ({ items: await listSlackRoles(database, wholePartner(request).partnerId) }),
  );

  app.get(
    '/v1/slack/roles/:team_id/:user_id',
    {
      config: { access, problems: ['CUSTOMER_KEY_LIMITED', 'SLACK_ROLE_NOT_FOUND'] },
      schema: {
        tags,
        operationId: 'getSlackRole',
        summary: "Somebody's role in Slack",
        params: person,
        response: { 200: slackRole },
      },
    },
    async (request) => {
      const { partnerId } = wholePartner(request);
      const { team_id, user_id } = request.params;
      return getSlackRole(database, partnerId, { teamId: team_id, userId: user_id });
    },
  );

  app.put(
    '/v1/slack/roles/:team_id/:user_id',
    {
      config: {
        access,
        problems: [
          'CUSTOMER_KEY_LIMITED',
          'CUSTOMER_NOT_FOUND',
          'NUMBER_INVALID',
          'NUMBER_PRECISION',
          'NUMBER_RANGE',
          'SLACK_LAST_OWNER',
          'SLACK_ROLE_LIMIT',
        ],
        example: { role: 'manager', max_credits: '5000' },
      },
      schema: {
        tags,
        operationId: 'setSlackRole',
        summary: 'Give somebody a role in Slack',
        description:
          'In place of the one that they have. An owner may do everything and give roles, a manager moves credits up to a cap, a viewer sees the balances of all, and a customer the one of their own (`customer_id`).',
        params: person,
        body: slackRoleSet,
        response: { 200: slackRole },
      },
    },
    async (request) => {
      const { partnerId, actor } = wholePartner(request);
      const { team_id, user_id } = request.params;
      return setSlackRole(database, partnerId, actor, { teamId: team_id, userId: user_id }, request.body);
    },
  );

  app.delete(
    '/v1/slack/roles/:team_id/:user_id',
    {
      config: { access, problems: ['CUSTOMER_KEY_LIMITED', 'SLACK_ROLE_NOT_FOUND', 'SLACK_LAST_OWNER'] },
      schema: {
        tags,
        operationId: 'removeSlackRole',
        summary: "Take somebody's role in Slack away",
        params: person,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const { partnerId, actor } = wholePartner(request);
      const { team_id, user_id } = request.params;
      await removeSlackRole(database, partnerId, actor, { teamId: team_id, userId: user_id });
      return reply.code(204).send();
    },
  );

  app.get(
    '/v1/slack/channels',
    {
      config: { access, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags,
        operationId: 'listSlackChannels',
        summary: "The channels that are a customer's",
        response: { 200: listOf(slackChannelLink) },
      },
    },
    async (request) => ({ items: await listSlackChannels(database, wholePartner(request).partnerId) }),
  );

  app.put(
    '/v1/slack/channels/:channel_id',
    {
      config: {
        access,
        problems: ['CUSTOMER_KEY_LIMITED', 'CUSTOMER_NOT_FOUND', 'SLACK_CHANNEL_TAKEN'],
        example: { customer_id: 'cus_acme' },
      },
      schema: {
        tags,
        operationId: 'linkSlackChannel',
        summary: "Make a channel a customer's",
        description:
          "In place of the one whose it was. Whoever is in the channel may see that customer there, as far as its visibility settings allow, and no other. The partner's own channel for alerts cannot be one.",
        params: channel,
        body: slackChannelLinkSet,
        response: { 200: slackChannelLink },
      },
    },
    async (request) => {
      const { partnerId, actor } = wholePartner(request);
      const { customer_id, team_id } = request.body;
      return linkSlackChannel(database, partnerId, actor, request.params.channel_id, customer_id, team_id);
    },
  );

  app.delete(
    '/v1/slack/channels/:channel_id',
    {
      config: { access, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags,
        operationId: 'unlinkSlackChannel',
        summary: "Make a channel nobody's",
        description: "One that was nobody's stays so.",
        params: channel,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const { partnerId, actor } = wholePartner(request);
      await unlinkSlackChannel(database, partnerId, actor, request.params.channel_id);
      return reply.code(204).send();
    },
  );

  app.get(
    '/v1/slack/settings',
    {
      config: { access, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags,
        operationId: 'getSlackSettings',
        summary: 'What people in Slack may do unless their role says otherwise',
        response: { 200: slackSettings },
      },
    },
    async (request) => getSlackSettings(database, wholePartner(request).partnerId),
  );

  app.patch(
    '/v1/slack/settings',
    {
      config: {
        access,
        problems: ['CUSTOMER_KEY_LIMITED', 'NUMBER_INVALID', 'NUMBER_PRECISION', 'NUMBER_RANGE'],
        example: { members_may_view: false, manager_max_credits: '2500' },
      },
      schema: {
        tags,
        operationId: 'updateSlackSettings',
        summary: 'Change what people in Slack may do',
        description: 'What is left out stays as it is.',
        body: slackSettingsPatch,
        response: { 200: slackSettings },
      },
    },
    async (request) => {
      const { partnerId, actor } = wholePartner(request);
      return updateSlackSettings(database, partnerId, actor, request.body);
    },
  );

  app.get(
    '/v1/slack/installations',
    {
      config: { access, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags,
        operationId: 'listSlackInstallations',
        summary: 'Where the Slack app is installed, and where it is no more',
        response: { 200: listOf(slackInstallation) },
      },
    },
    async (request) => ({ items: await listSlackInstallations(database, wholePartner(request).partnerId) }),
  );

  app.post(
    '/v1/slack/install-links',
    {
      config: { access, problems: ['CUSTOMER_KEY_LIMITED', 'SLACK_NOT_INSTALLABLE'] },
      schema: {
        tags,
        operationId: 'createSlackInstallLink',
        summary: 'Make a link that installs the Slack app',
        description:
          'It works once, for an hour. Whoever opens it and installs the app connects their workspace to this partner and becomes an owner: give it to nobody else.',
        response: { 201: slackInstallLink },
      },
    },
    async (request, reply) => {
      const { partnerId, actor } = wholePartner(request);
      if (slackInstallAddress === undefined)
        throw new TalktimeError(
          'SLACK_NOT_INSTALLABLE',
          'Workspaces cannot install this Slack app by a link: the service has no SLACK_CLIENT_ID and SLACK_CLIENT_SECRET. Ask whoever runs Talktime.',
        );
      return reply.code(201).send(await createInstallLink(database, partnerId, actor, slackInstallAddress));
    },
  );
};

function wholePartner(request: FastifyRequest) {
  const caller = partnerCaller(request);
  requireWholePartner(caller);
  return caller;
}
