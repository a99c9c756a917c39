import { onboarding, onboardingResult } from '@talktime/core/contract';
import { onboard } from '@talktime/core/customers';
import { partnerCaller, requireScope, requireWholePartner } from '../access';
import type { Routes } from './index';

export const onboardingRoutes: Routes = async (app, { talktime }) => {
  app.post(
    '/v1/onboarding',
    {
      config: {
        access: { scope: 'manage', tenancy: 'partner' },
        problems: [
          'CUSTOMER_KEY_LIMITED',
          'CUSTOMER_EXISTS',
          'MAPPING_TAKEN',
          'RATE_REQUIRED',
          'IDEMPOTENCY_CONFLICT',
          'INSUFFICIENT_CREDITS',
          'AMOUNT_NOT_POSITIVE',
          'GRANT_EXPIRED',
          'NUMBER_INVALID',
          'NUMBER_PRECISION',
          'NUMBER_RANGE',
          'ALERT_LEVEL_INVALID',
        ],
        example: {
          idempotency_key: 'contract-2026-31',
          id: 'cus_acme',
          name: 'Acme Dental',
          settings: { ai_credits_enabled: true, price_per_minute: { money: '0.12' }, low_credit_threshold: '100' },
          mappings: [{ kind: 'agent', value: 'agent_oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD' }],
          initial_credits: { amount: '500', note: 'Starter pack' },
        },
      },
      schema: {
        tags: ['Customers'],
        operationId: 'onboard',
        summary: 'A new customer in one call: settings, mappings and initial credits',
        description:
          'All or nothing, and once for a key: sent again, it answers what was done then, with the customer as it is now. Initial credits need the scope "top-up" besides "manage".',
        body: onboarding,
        response: { 200: onboardingResult, 201: onboardingResult },
      },
    },
    async (request, reply) => {
      const caller = partnerCaller(request);
      requireWholePartner(caller);
      if (request.body.initial_credits) requireScope(caller.principal, 'top-up');
      const answer = await onboard(talktime.database, caller.partnerId, caller.actor, request.body);
      return reply.code(answer.replayed ? 200 : 201).send(answer);
    },
  );
};
