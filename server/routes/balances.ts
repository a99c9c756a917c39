import { balance, decimalText, parseCreditsFromZero, threshold } from '@talktime/core/contract';
import { getBalance, getThreshold, type WantedCredits } from '@talktime/core/customers';
import { walletOf } from '@talktime/core/ledger';
import { z } from 'zod';
import { partnerCaller, requireCustomer } from '../access';
import type { Routes } from './index';
import { oneWallet, pastMoment, walletShape } from './queries';

const balanceQuery = z
  .object({ ...walletShape, at: pastMoment })
  .refine(oneWallet[0], { message: oneWallet[1].message, path: [...oneWallet[1].path] });

const thresholdQuery = z
  .object({
    ...walletShape,
    amount: decimalText.optional().meta({ description: 'Credits to check the balance against' }),
    minutes: decimalText.optional().meta({ description: 'Minutes of a call to check the balance against' }),
  })
  .refine(oneWallet[0], { message: oneWallet[1].message, path: [...oneWallet[1].path] })
  .refine((query) => query.amount === undefined || query.minutes === undefined, {
    message: 'Ask for an amount or for minutes, not for both',
    path: ['amount'],
  });

/** An empty parameter is none: a form sends every field. */
function wantedOf({ amount, minutes }: { amount?: string; minutes?: string }): WantedCredits | null {
  if (amount) return { credits: parseCreditsFromZero(amount, 'amount') };
  if (minutes) return { minutes: parseCreditsFromZero(minutes, 'minutes') };
  return null;
}

export const balanceRoutes: Routes = async (app, { talktime }) => {
  app.get(
    '/v1/balance',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: ['CUSTOMER_NOT_FOUND', 'CUSTOMER_KEY_LIMITED', 'MOMENT_IN_FUTURE'],
      },
      schema: {
        tags: ['Credits'],
        operationId: 'getBalance',
        summary: 'What a wallet holds, or held at a past moment',
        description:
          "With `at`, the status is what that balance is worth by today's threshold, and `held` is 0: holds are not postings.",
        querystring: balanceQuery,
        response: { 200: balance },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.query.customer_id);
      return getBalance(talktime.database, caller.partnerId, walletOf(request.query), request.query.at);
    },
  );

  app.get(
    '/v1/threshold',
    {
      config: {
        access: { scope: 'read', tenancy: 'partner' },
        problems: [
          'CUSTOMER_NOT_FOUND',
          'CUSTOMER_KEY_LIMITED',
          'RATE_REQUIRED',
          'NUMBER_INVALID',
          'NUMBER_PRECISION',
          'NUMBER_RANGE',
        ],
      },
      schema: {
        tags: ['Credits'],
        operationId: 'getThreshold',
        summary: "The status of whoever pays for a customer's calls",
        description:
          "With AI credits off that is the partner, and not the customer's empty wallet. With `amount` or `minutes` it also says whether the available credits cover that.",
        querystring: thresholdQuery,
        response: { 200: threshold },
      },
    },
    async (request) => {
      const caller = partnerCaller(request);
      requireCustomer(caller, request.query.customer_id);
      return getThreshold(talktime.database, caller.partnerId, walletOf(request.query), wantedOf(request.query));
    },
  );
};
