import type Stripe from 'stripe';
import { completeOnboarding, type AccountLinks } from './accounts';
import type { Events } from './events';
import { drawAuthentication, drawNotice, drawOnboarding, drawPayPage, drawReceipt } from './pay-page';
import { authenticateIntent, authenticateOn, payOn, type Paid } from './pay';
import { written } from './refusals';
import { idOf, type Account, type StripeState } from './state';
import { cardOf } from './cards';

export interface PageRequest {
  readonly method: string;
  readonly path: string;
  readonly form: URLSearchParams;
}

export type PageAnswer = { readonly html: string; readonly status?: number } | { readonly location: string };

export interface PagesOptions {
  readonly state: StripeState;
  readonly events: Events;
  readonly links: AccountLinks;
  readonly sellerOf: (account: Account) => string;
}

/** What people see of Stripe in a browser: the pay page, the page of a bank, onboarding, receipts. null: no page. */
export function servePage(request: PageRequest, options: PagesOptions): PageAnswer | null {
  const [first, second, third, fourth] = request.path.split('/').slice(1).map(decodeURIComponent);
  if (first === 'c' && second === 'pay' && third !== undefined) return payPage(request, options, third, fourth);
  if (first === 'authenticate' && second !== undefined && third !== undefined)
    return intentPage(request, options, second, third);
  if (first === 'setup' && second !== undefined && third !== undefined)
    return setUpPage(request, options, second, third);
  if (first === 'receipts' && second !== undefined && third !== undefined) {
    const account = options.state.accounts.get(second);
    const charge = account?.all('charge').get(third);
    return account && charge ? { html: drawReceipt(charge, options.sellerOf(account)) } : null;
  }
  return null;
}

function payPage(
  { method, form }: PageRequest,
  options: PagesOptions,
  id: string,
  step: string | undefined,
): PageAnswer | null {
  const { state, events } = options;
  const account = [...state.accounts.values()].find((one) => one.all('checkoutSession').has(id));
  const session = account?.all('checkoutSession').get(id);
  if (!account || !session) return null;
  const world = { state, account, events, cause: null };
  if (session.status !== 'open') return over(session);
  if (step === 'authenticate') {
    if (!isWaiting(account, session)) return { location: `/c/pay/${id}` };
    if (method === 'GET') return { html: drawAuthentication(amountOf(session)) };
    return after(authenticateOn(world, session, form.get('answer') === 'yes'), session, account, options);
  }
  const items = account.lineItems.get(id) ?? [];
  const draw = (problem?: string): PageAnswer => ({
    html: drawPayPage(session, { seller: options.sellerOf(account), items, problem }),
  });
  if (method === 'GET') return draw();
  const isDelayed = form.get('method') === 'delayed';
  const number = form.get('card') ?? '';
  if (!isDelayed && !cardOf(number)) return draw('Your card number is not one of the test cards.');
  const paid = payOn(world, session, {
    with: isDelayed ? 'delayed' : number,
    authenticates: 'later',
    country: form.get('country') ?? undefined,
    email: form.get('email') || undefined,
    name: form.get('name') || undefined,
    postalCode: form.get('postal_code') || undefined,
  });
  return after(paid, session, account, options);
}

function after(paid: Paid, session: Stripe.Checkout.Session, account: Account, options: PagesOptions): PageAnswer {
  if (paid === 'authenticate') return { location: `/c/pay/${session.id}/authenticate` };
  if (paid !== 'declined') return { location: successOf(session) };
  const problem = declineOf(account, session);
  const items = account.lineItems.get(session.id) ?? [];
  return { html: drawPayPage(session, { seller: options.sellerOf(account), items, problem }) };
}

function intentPage(
  { method, form }: PageRequest,
  { state, events }: PagesOptions,
  accountId: string,
  id: string,
): PageAnswer | null {
  const account = state.accounts.get(accountId);
  const intent = account?.all('paymentIntent').get(id);
  if (!account || !intent) return null;
  if (intent.status !== 'requires_action') return { html: drawNotice('All done', 'You can close this page.') };
  const back = intent.next_action?.redirect_to_url?.return_url;
  if (method === 'GET') return { html: drawAuthentication(written(intent.amount, intent.currency)) };
  authenticateIntent({ state, account, events, cause: null }, intent, form.get('answer') === 'yes');
  return back ? { location: back } : { html: drawNotice('All done', 'You can close this page.') };
}

function setUpPage({ method, form }: PageRequest, options: PagesOptions, id: string, token: string): PageAnswer | null {
  const { state, links } = options;
  const link = links.get(token);
  if (!link || link.account !== id) return null;
  if (link.expiresAt < state.seconds()) return link.refreshUrl ? { location: link.refreshUrl } : null;
  if (method === 'GET') return { html: drawOnboarding(id) };
  if (form.get('answer') === 'yes') completeOnboarding(options, id);
  return link.returnUrl ? { location: link.returnUrl } : { html: drawNotice('All done', 'You can close this page.') };
}

function over(session: Stripe.Checkout.Session): PageAnswer {
  const link = session.cancel_url ? { href: session.cancel_url, text: 'Go back' } : undefined;
  return session.status === 'complete'
    ? { html: drawNotice('All done here', 'This was paid already. You can close this page.') }
    : {
        html: drawNotice(
          'Something went wrong',
          'The page you were looking for has expired. Ask for a new link.',
          link,
        ),
      };
}

export function successOf(session: Stripe.Checkout.Session): string {
  return (session.success_url ?? '').replaceAll('{CHECKOUT_SESSION_ID}', session.id);
}

function isWaiting(account: Account, session: Stripe.Checkout.Session): boolean {
  const intent =
    typeof session.setup_intent === 'string'
      ? account.all('setupIntent').get(session.setup_intent)
      : account.all('paymentIntent').get(idOf(session.payment_intent));
  return intent?.status === 'requires_action';
}

function declineOf(account: Account, session: Stripe.Checkout.Session): string | undefined {
  const error =
    typeof session.setup_intent === 'string'
      ? account.get('setupIntent', session.setup_intent).last_setup_error
      : account.get('paymentIntent', idOf(session.payment_intent)).last_payment_error;
  return error?.message;
}

function amountOf(session: Stripe.Checkout.Session): string {
  return session.mode === 'setup'
    ? 'later with this card'
    : written(session.amount_total ?? 0, session.currency ?? 'usd');
}
