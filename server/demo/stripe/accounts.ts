import type Stripe from 'stripe';
import { noAccess } from './errors';
import { choice, expand, flag, metadata, page, range, shape, text, type Field } from './fields';
import { pageOf } from './lists';
import { fail } from './refusals';
import { route, type Route, type World } from './route';
import { randomPart, requirementsOf, type StripeState } from './state';

/** An account's owner has given Stripe what it wants to know: it may take payments. */
export function completeOnboarding({ state, events }: Pick<World, 'state' | 'events'>, id: string): void {
  setChargesEnabled({ state, events }, id, true);
}

export function setChargesEnabled({ state, events }: Pick<World, 'state' | 'events'>, id: string, isOn: boolean): void {
  const account = state.account(id);
  const { details } = account;
  details.charges_enabled = isOn;
  details.payouts_enabled = isOn;
  if (isOn) details.details_submitted = true;
  details.requirements = requirementsOf(isOn);
  details.capabilities = { card_payments: isOn ? 'active' : 'inactive', transfers: isOn ? 'active' : 'inactive' };
  events.add(account, null, 'account.updated', details);
}

/** An account's owner takes the platform's access away: said once more, and then there is none. */
export function deauthorize({ state, events }: Pick<World, 'state' | 'events'>, id: string): void {
  const account = state.account(id);
  events.add(account, null, 'account.application.deauthorized', { id: 'ca_fake', object: 'application', name: null });
  account.isRevoked = true;
}

/** What the pages of the account links lead to, by the end of their address. */
export class AccountLinks {
  readonly #links = new Map<string, { account: string; returnUrl: string; refreshUrl: string; expiresAt: number }>();

  add(state: StripeState, params: Stripe.AccountLinkCreateParams): Stripe.AccountLink {
    const token = randomPart(20);
    const created = state.seconds();
    const link = {
      account: params.account,
      returnUrl: params.return_url ?? '',
      refreshUrl: params.refresh_url ?? '',
      expiresAt: created + 300,
    };
    this.#links.set(token, link);
    const url = `${state.origin()}/setup/${params.account}/${token}`;
    return { object: 'account_link', created, expires_at: link.expiresAt, url };
  }

  get(token: string) {
    return this.#links.get(token) ?? null;
  }
}

const controller: Field = shape<Stripe.AccountCreateParams.Controller>({
  fields: {
    fees: shape<Stripe.AccountCreateParams.Controller.Fees>({ fields: { payer: choice('account', 'application') } }),
    losses: shape<Stripe.AccountCreateParams.Controller.Losses>({
      fields: { payments: choice('application', 'stripe') },
    }),
    requirement_collection: choice('application', 'stripe'),
    stripe_dashboard: shape<Stripe.AccountCreateParams.Controller.StripeDashboard>({
      fields: { type: choice('express', 'full', 'none') },
    }),
  },
});
const capability: Field = shape<Stripe.AccountCreateParams.Capabilities.CardPayments>({ fields: { requested: flag } });

export const ACCOUNTS = (links: AccountLinks, key: (world: World) => string): readonly Route[] => [
  route<Stripe.AccountCreateParams>(
    'POST /v1/accounts',
    'account',
    {
      fields: {
        business_type: choice('company', 'government_entity', 'individual', 'non_profit'),
        capabilities: shape<Stripe.AccountCreateParams.Capabilities>({
          fields: { card_payments: capability, transfers: capability },
        }),
        controller,
        country: text(2),
        default_currency: text(3),
        email: text(800),
        expand,
        metadata,
        type: choice('custom', 'express', 'standard'),
      },
    },
    ({ state, params }) => state.addAccount(`acct_1${randomPart(15)}`, { params }).details,
  ),
  route<Stripe.AccountRetrieveCurrentParams>(
    'GET /v1/account',
    'account',
    { fields: { expand } },
    ({ account }) => account.details,
  ),
  route<Stripe.AccountRetrieveParams>('GET /v1/accounts/:id', 'account', { fields: { expand } }, (call) => {
    const [id = ''] = call.ids;
    const account = call.state.accounts.get(id);
    return account && !account.isRevoked ? account.details : fail(noAccess(key(call), id));
  }),
  route<Stripe.AccountListParams>(
    'GET /v1/accounts',
    'account',
    { fields: { ...page, created: range } },
    ({ state, params }) =>
      pageOf(
        '/v1/accounts',
        [...state.accounts.values()].filter(({ isHost }) => !isHost).map(({ details }) => details),
        params,
      ),
  ),
  route<Stripe.AccountLinkCreateParams>(
    'POST /v1/account_links',
    'account_link',
    {
      fields: {
        account: text(),
        collect: choice('currently_due', 'eventually_due'),
        collection_options: shape<Stripe.AccountLinkCreateParams.CollectionOptions>({
          fields: {
            fields: choice('currently_due', 'eventually_due'),
            future_requirements: choice('include', 'omit'),
          },
        }),
        expand,
        refresh_url: text(),
        return_url: text(),
        type: choice('account_onboarding', 'account_update'),
      },
      required: ['account', 'type'],
    },
    ({ state, params }) => {
      state.account(params.account);
      return links.add(state, params);
    },
  ),
];
