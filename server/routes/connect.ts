import { connection, connectionWithLink, connectRequest } from '@talktime/core/contract';
import {
  checkAccount,
  connectAccount,
  createOnboardingLink,
  disconnectAccount,
  getConnection,
  openOnboardingToken,
} from '@talktime/core/payments';
import { partnerCaller, requireWholePartner } from '../access';
import { backFromStripePage } from '../pay/connect-pages';
import { goOnPage, sorryPage } from '../pay/pages';
import { hidden, show } from '../pay/show';
import type { Routes } from './index';
import { requirePayments } from './payments';

const STRIPE_PROBLEMS = ['PAYMENTS_OFF', 'STRIPE_REFUSED', 'STRIPE_UNREACHABLE', 'CUSTOMER_KEY_LIMITED'] as const;

/** The Stripe account on which a partner sells to its customers. */
export const connectRoutes: Routes = async (app, { talktime, payments, limits }) => {
  app.post(
    '/v1/stripe/connect',
    {
      config: { access: { scope: 'manage', tenancy: 'partner' }, problems: [...STRIPE_PROBLEMS], example: {} },
      schema: {
        tags: ['Payments'],
        operationId: 'connectStripe',
        summary: "Connect a Stripe account of the partner's own, to take customers' payments on",
        description:
          "Makes the account the first time, and answers a link to Stripe's page, on which its owner says who they are. Ask again whenever another link is needed.",
        body: connectRequest,
        response: { 200: connectionWithLink },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      const context = requirePayments(payments);
      const connected = await connectAccount(context, caller.partnerId, caller.actor, request.body);
      const link = await createOnboardingLink(context, talktime.sealer, caller.partnerId, connected.account!);
      return { ...connected, onboarding: { url: link.url, expires_at: link.expiresAt.toISOString() } };
    },
  );

  app.get(
    '/v1/stripe/connect',
    {
      config: { access: { scope: 'read', tenancy: 'partner' }, problems: [...STRIPE_PROBLEMS] },
      schema: {
        tags: ['Payments'],
        operationId: 'getStripeConnection',
        summary: "How the partner's Stripe account stands, and what Stripe wants yet",
        response: { 200: connection },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return getConnection(requirePayments(payments), caller.partnerId);
    },
  );

  app.delete(
    '/v1/stripe/connect',
    {
      config: { access: { scope: 'manage', tenancy: 'partner' }, problems: ['CUSTOMER_KEY_LIMITED'] },
      schema: {
        tags: ['Payments'],
        operationId: 'disconnectStripe',
        summary: "Sell nothing more on the partner's Stripe account",
        description:
          'Payments that are open already are settled, refunds and disputes followed. The account stays its owner’s.',
        response: { 200: connection },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      return disconnectAccount(talktime, caller.partnerId, caller.actor);
    },
  );

  // Where Stripe sends its owner's browser.

  app.get<{ Params: { token: string } }>('/pay/connect/:token', hidden, async (request, reply) => {
    const link = openOnboardingToken(talktime.sealer, request.params.token);
    if (!link || !payments) {
      await limits.refusal(request, reply);
      return show(reply, 404, DEAD_LINK);
    }
    const row = await checkAccount(payments, link.partnerId, link.account).catch((error: unknown) => {
      request.log.warn({ err: error }, 'an account was not looked at when its owner came back; an event or a job will');
      return null;
    });
    return show(reply, 200, backFromStripePage(row, `/pay/connect/${request.params.token}/again`));
  });

  app.get<{ Params: { token: string } }>('/pay/connect/:token/again', hidden, async (request, reply) => {
    const link = openOnboardingToken(talktime.sealer, request.params.token);
    if (!link || !payments) {
      await limits.refusal(request, reply);
      return show(reply, 404, DEAD_LINK);
    }
    try {
      const { url } = await createOnboardingLink(payments, talktime.sealer, link.partnerId, link.account);
      return show(reply, 200, goOnPage(url, 'To Stripe'));
    } catch (error) {
      request.log.warn({ err: error }, 'a link to Stripe could not be made');
      return show(reply, 503, NO_LINK);
    }
  });
};

const DEAD_LINK = sorryPage('This link does not work', 'It has run out. Ask for a new one where you got it.');
const NO_LINK = sorryPage('Stripe could not be reached', 'Load this page again in a minute.');
