import type { WebhookAddresses } from '@talktime/core/alerts';
import type { Talktime } from '@talktime/core/calls';
import type { PaymentContext } from '@talktime/core/payments';
import type { FastifyInstance } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Limits } from '../limits';
import type { Metrics } from '../metrics';
import { alertRoutes } from './alerts';
import { amountRoutes } from './amounts';
import { apiKeyRoutes } from './api-keys';
import { balanceRoutes } from './balances';
import { callRoutes } from './calls';
import { connectRoutes } from './connect';
import { customerRoutes } from './customers';
import { deductionRoutes } from './deductions';
import { doctorRoutes } from './doctor';
import { endpointRoutes } from './endpoints';
import { exchangeRateRoutes } from './exchange-rates';
import { grantRoutes } from './grants';
import { healthRoutes } from './health';
import { hookRoutes } from './hooks';
import { inboxRoutes } from './inbox';
import { mappingRoutes } from './mappings';
import { meRoutes } from './me';
import { onboardingRoutes } from './onboarding';
import { meteringRoutes } from './metering';
import { partnerRoutes } from './partners';
import { payRoutes } from './pay';
import { paymentRoutes } from './payments';
import { planRoutes } from './plans';
import { rechargeRoutes } from './recharge';
import { rechargePages } from './recharge-pages';
import { reportRoutes } from './reports';
import { slackRoutes } from './slack';
import { statementRoutes } from './statement';
import { stripeRoutes } from './stripe';
import { subscriptionRoutes } from './subscriptions';
import { suspenseRoutes } from './suspense';
import { webhookRoutes } from './webhooks';

/** What the routes work with. */
export interface RouteContext {
  readonly talktime: Talktime;
  /** null: the service has no Stripe key. */
  readonly payments: PaymentContext | null;
  readonly metrics: Metrics;
  readonly limits: Limits;
  /** Where the service is reached from outside, if that is known. */
  readonly publicUrl: string | undefined;
  readonly webhookAddresses: WebhookAddresses;
  /** Where links to install the Slack app lead; undefined when workspaces cannot install it. */
  readonly slackInstallAddress: string | undefined;
}

export type Routes = FastifyPluginAsyncZod<RouteContext & Record<never, never>>;

/** All routes, in the order in which the API page shows them. */
export async function registerRoutes(app: FastifyInstance, context: RouteContext): Promise<void> {
  const routes: readonly Routes[] = [
    deductionRoutes,
    callRoutes,
    amountRoutes,
    grantRoutes,
    balanceRoutes,
    statementRoutes,
    customerRoutes,
    onboardingRoutes,
    mappingRoutes,
    doctorRoutes,
    suspenseRoutes,
    inboxRoutes,
    reportRoutes,
    planRoutes,
    subscriptionRoutes,
    paymentRoutes,
    payRoutes,
    connectRoutes,
    meteringRoutes,
    rechargeRoutes,
    rechargePages,
    meRoutes,
    partnerRoutes,
    exchangeRateRoutes,
    apiKeyRoutes,
    alertRoutes,
    webhookRoutes,
    slackRoutes,
    endpointRoutes,
    hookRoutes,
    stripeRoutes,
    healthRoutes,
  ];
  for (const plugin of routes) await app.register(plugin, context);
}
