import { autoRecharge, autoRechargeSet, card, cardSetup, cardSetupLink } from '@talktime/core/contract';
import { getAutoRecharge, getCard, openCardSetup, removeCard, setAutoRecharge } from '@talktime/core/payments';
import { z } from 'zod';
import { partnerCaller, requireCustomer } from '../access';
import type { Routes } from './index';
import { requirePayments } from './payments';
import { nothing, oneWallet, walletShape } from './queries';

const walletQuery = z
  .object(walletShape)
  .refine(oneWallet[0], { message: oneWallet[1].message, path: [...oneWallet[1].path] });

const STRIPE_PROBLEMS = ['PAYMENTS_OFF', 'STRIPE_REFUSED', 'STRIPE_UNREACHABLE'] as const;

/** Automatic top-ups, and the cards that they charge. */
export const rechargeRoutes: Routes = async (app, { talktime, payments, publicUrl }) => {
  app.get(
    '/v1/auto-recharge',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
      },
      schema: {
        tags: ['Payments'],
        operationId: 'getAutoRecharge',
        summary: 'How a wallet tops itself up, and how that stands',
        querystring: walletQuery,
        response: { 200: autoRecharge },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.query.customer_id);
      return getAutoRecharge(
        payments ?? { database: talktime.database, publicUrl },
        caller.partnerId,
        request.query.customer_id ?? null,
      );
    },
  );

  app.put(
    '/v1/auto-recharge',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [
          'PAYMENTS_OFF',
          'PAYMENTS_NOT_READY',
          'CARD_REQUIRED',
          'BILLED_TWICE',
          'TOP_UP_LIMIT',
          'NUMBER_INVALID',
          'NUMBER_PRECISION',
          'NUMBER_RANGE',
          'CUSTOMER_NOT_FOUND',
          'CUSTOMER_KEY_LIMITED',
        ],
        example: { enabled: true, threshold: '100', target: '1000', monthly_money: '300', monthly_count: 5 },
      },
      schema: {
        tags: ['Payments'],
        operationId: 'setAutoRecharge',
        summary: 'Top up by itself when the balance falls to a threshold',
        description:
          'Charges the saved card. A balance that is at or below the threshold is topped up at once. At most two attempts in ten minutes, none for an hour after one that failed; after three failures in a row it is suspended until another card is saved. Stripe Tax is not added.',
        querystring: walletQuery,
        body: autoRechargeSet,
        response: { 200: autoRecharge },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.query.customer_id);
      return setAutoRecharge(
        requirePayments(payments),
        caller.partnerId,
        caller.actor,
        request.query.customer_id ?? null,
        request.body,
      );
    },
  );

  app.get(
    '/v1/cards',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
      },
      schema: {
        tags: ['Payments'],
        operationId: 'getCard',
        summary: 'The card that is saved for a wallet',
        querystring: walletQuery,
        response: { 200: z.object({ card: card.nullable() }) },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.query.customer_id);
      const saved = await getCard(talktime.database, caller.partnerId, request.query.customer_id ?? null);
      return { card: saved && { brand: saved.brand, last4: saved.last4, expires: saved.expires } };
    },
  );

  app.delete(
    '/v1/cards',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [...STRIPE_PROBLEMS, 'CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
      },
      schema: {
        tags: ['Payments'],
        operationId: 'removeCard',
        summary: 'Forget the saved card; automatic top-ups are switched off',
        querystring: walletQuery,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.query.customer_id);
      await removeCard(requirePayments(payments), caller.partnerId, caller.actor, request.query.customer_id ?? null);
      return reply.code(204).send();
    },
  );

  app.post(
    '/v1/cards/setup',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [...STRIPE_PROBLEMS, 'PAYMENTS_NOT_READY', 'CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED'],
        example: { customer_id: 'cus_acme' },
      },
      schema: {
        tags: ['Payments'],
        operationId: 'setUpCard',
        summary: 'A link on which the owner of a card saves it, without paying',
        body: cardSetup,
        response: { 201: cardSetupLink },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.body.customer_id);
      const link = await openCardSetup(requirePayments(payments), caller.partnerId, caller.actor, request.body);
      return reply.code(201).send(link);
    },
  );
};
