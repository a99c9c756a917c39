import type Stripe from 'stripe';
import { decide, type Outcome } from './attempts';
import type { Decline } from './cards';
import { merged } from './customers';
import { invalid, Refusal } from './errors';
import { choice, expand, flag, metadata, page, range, shape, text } from './fields';
import { pageOf } from './lists';
import { attach, methodNamed } from './payment-methods';
import { route, type Route, type World } from './route';
import { randomPart } from './state';

export interface NewSetupIntent {
  readonly customer?: string | null;
  readonly description?: string | null;
  readonly metadata?: Stripe.Emptyable<Stripe.MetadataParam>;
  readonly usage?: string;
}

export function newSetupIntent(world: World, terms: NewSetupIntent): Stripe.SetupIntent {
  const { state, account, events, cause } = world;
  const id = state.id('setupIntent');
  const intent = account.add('setupIntent', {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: `${id}_secret_${randomPart(24)}`,
    created: state.seconds(),
    customer: terms.customer ?? null,
    customer_account: null,
    description: terms.description ?? null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    mandate: null,
    metadata: merged({}, terms.metadata),
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: { card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' } },
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage: terms.usage ?? 'off_session',
  });
  events.add(account, cause, 'setup_intent.created', intent);
  return intent;
}

/** Tries to save a payment method for later: its owner is there. */
export function attemptSetup(
  world: World,
  intent: Stripe.SetupIntent,
  method: Stripe.PaymentMethod,
  isAuthenticated: boolean,
): Outcome {
  const { account, events, cause } = world;
  const card = account.cards.get(method.id);
  const bank = decide(card, account.setUp.has(method.id), { isPresent: true, isAuthenticated });
  const outcome: Outcome = bank.kind === 'declined' && card?.attaches === true ? { kind: 'succeeded' } : bank;
  intent.last_setup_error = null;
  switch (outcome.kind) {
    case 'authenticate':
      intent.payment_method = method.id;
      intent.status = 'requires_action';
      events.add(account, cause, 'setup_intent.requires_action', intent);
      return outcome;
    case 'declined':
      declineSetup(world, intent, method, outcome.decline);
      return outcome;
    default:
      intent.payment_method = method.id;
      intent.status = 'succeeded';
      if (typeof intent.customer === 'string') attach(world, method, intent.customer);
      if (intent.usage === 'off_session') account.setUp.add(method.id);
      events.add(account, cause, 'setup_intent.succeeded', intent);
      return outcome;
  }
}

export function declineSetup(
  { account, events, cause }: World,
  intent: Stripe.SetupIntent,
  method: Stripe.PaymentMethod,
  decline: Decline,
): void {
  intent.status = 'requires_payment_method';
  intent.payment_method = null;
  intent.last_setup_error = {
    type: 'card_error',
    code: decline.code as Stripe.SetupIntent.LastSetupError.Code,
    ...(decline.declineCode === '' ? {} : { decline_code: decline.declineCode }),
    message: decline.message,
    payment_method: structuredClone(method),
  };
  events.add(account, cause, 'setup_intent.setup_failed', intent);
}

export const SETUP_INTENTS: readonly Route[] = [
  route<Stripe.SetupIntentCreateParams>(
    'POST /v1/setup_intents',
    'setup_intent',
    {
      fields: {
        automatic_payment_methods: shape<Stripe.SetupIntentCreateParams.AutomaticPaymentMethods>({
          fields: { enabled: flag, allow_redirects: choice('always', 'never') },
          required: ['enabled'],
        }),
        confirm: flag,
        customer: text(),
        description: text(1_000),
        expand,
        metadata,
        payment_method: text(),
        return_url: text(),
        usage: choice('off_session', 'on_session'),
      },
    },
    (call) => {
      const { account, params } = call;
      if (params.customer !== undefined) account.named('customer', params.customer, 'customer');
      const method = params.payment_method === undefined ? null : methodNamed(call, params.payment_method);
      if (params.confirm === true && !method)
        throw invalid(
          "You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a payment method and then confirm it again.",
          'setup_intent_unexpected_state',
        );
      const intent = newSetupIntent(call, params);
      if (!method) return intent;
      intent.payment_method = method.id;
      intent.status = 'requires_confirmation';
      if (params.confirm !== true) return intent;
      const outcome = attemptSetup(call, intent, method, false);
      if (outcome.kind !== 'declined') return intent;
      const { code, declineCode, message } = outcome.decline;
      throw new Refusal(402, {
        type: 'card_error',
        code,
        ...(declineCode && { decline_code: declineCode }),
        message,
        setup_intent: structuredClone(intent),
      });
    },
  ),
  route<Stripe.SetupIntentRetrieveParams>(
    'GET /v1/setup_intents/:id',
    'setup_intent',
    { fields: { expand, client_secret: text() } },
    ({ account, ids: [id = ''] }) => account.get('setupIntent', id),
  ),
  route<Stripe.SetupIntentListParams>(
    'GET /v1/setup_intents',
    'setup_intent',
    { fields: { ...page, created: range, customer: text(), payment_method: text() } },
    ({ account, params }) =>
      pageOf(
        '/v1/setup_intents',
        account.all('setupIntent').values(),
        params,
        (one) =>
          (params.customer === undefined || one.customer === params.customer) &&
          (params.payment_method === undefined || one.payment_method === params.payment_method),
      ),
  ),
];
