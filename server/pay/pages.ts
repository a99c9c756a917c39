import type { Payment, Plan } from '@talktime/core/contract';
import { formatDecimal } from '@talktime/core/money';
import type { Confirmation, Shop } from '@talktime/core/payments';
import { html, page, type Html } from './page';

/** Digits in groups, as people read them: 1,000.5 */
const grouped = (decimal: string) => decimal.replace(/\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','));

const credits = (amount: bigint) => grouped(formatDecimal(amount));

function money(amount: number, currency: string): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(amount);
}

/** Why something could not be bought, and the amount that was typed. */
export interface Refused {
  readonly says: string;
  readonly typed: string;
}

/** What a customer may buy. `once` makes a form that is sent twice one payment. */
export function shopPage(shop: Shop, once: string, problem: Refused | null = null): string {
  const { partnerName, customerName, balance, plans, freeAmount } = shop;
  return page(
    `Buy credits · ${partnerName}`,
    html`<p class="brand">${partnerName}</p>
      <h1>Buy credits for ${customerName}</h1>
      ${balance === null ? null : html`<p>The balance is ${credits(balance)} credits.</p>`}
      ${problem === null ? null : html`<p class="problem" role="alert">${problem.says}</p>`}
      ${plans.length === 0
        ? null
        : html`<h2>Plans</h2>
            <ul class="plans">
              ${plans.map((plan) => planCard(plan, once, balance !== null))}
            </ul>`}
      ${freeAmount === null ? null : freeAmountForm(shop.currency, freeAmount, once, problem?.typed ?? '')}
      ${plans.length === 0 && freeAmount === null
        ? html`<p>There is nothing to buy here at the moment. Ask ${partnerName}.</p>`
        : null}
      <p class="small foot">You pay on Stripe’s page; card details never reach ${partnerName}.</p>`,
  );
}

function planCard(plan: Plan, once: string, showsPricing: boolean): Html {
  return html`<li class="card${plan.popular ? ' popular' : ''}">
    <div class="head">
      <p class="name">${plan.name}</p>
      ${plan.popular ? html`<span class="badge">Popular</span>` : null}
    </div>
    <p class="price">${money(plan.price, plan.currency)}</p>
    ${plan.recurring
      ? html`<p class="small">Charged to your card every ${periodOf(plan.recurring)} until it is cancelled.</p>`
      : null}
    ${showsPricing ? html`<p class="what">${contentOf(plan)}</p>` : null}
    ${plan.description === '' ? null : html`<p class="small">${plan.description}</p>`}
    <form method="post">
      <input type="hidden" name="plan_id" value="${plan.id}" />
      <input type="hidden" name="once" value="${once}" />
      <button>Buy</button>
    </form>
  </li>`;
}

/** What a plan brings: shown with pricing information alone, for it says what a credit costs. */
function contentOf({ credits: amount, minutes, bonus, expires_after_days: days, recurring }: Plan): string {
  const size = amount === null ? `${grouped(String(minutes ?? 0))} minutes` : `${grouped(String(amount))} credits`;
  const onTop = bonus > 0 ? ` + ${grouped(String(bonus))} bonus credits` : '';
  if (recurring) return `${size}${onTop} every ${periodOf(recurring)}`;
  return days === null ? `${size}${onTop}` : `${size}${onTop}, valid for ${days} days`;
}

/** "month", or "2 weeks" */
function periodOf({ every, period }: NonNullable<Plan['recurring']>): string {
  return every === 1 ? period : `${every} ${period}s`;
}

function freeAmountForm(
  currency: string,
  { least, most }: NonNullable<Shop['freeAmount']>,
  once: string,
  typed: string,
): Html {
  return html`<h2>Any amount</h2>
    <form class="card" method="post">
      <input type="hidden" name="once" value="${once}" />
      <label for="amount">Amount in ${currency}</label>
      <div class="row">
        <input
          id="amount"
          name="amount"
          type="text"
          inputmode="decimal"
          autocomplete="off"
          value="${typed}"
          required
          aria-describedby="limits"
        />
        <button>Pay</button>
      </div>
      <p class="small hint" id="limits">
        From ${grouped(formatDecimal(least))} to ${grouped(formatDecimal(most))} ${currency}.
      </p>
    </form>`;
}

/** Sends the payer on to Stripe's page. */
export function goOnPage(url: string, title = 'To the payment'): string {
  return page(
    title,
    html`<h1>${title}…</h1>
      <p>If nothing happens, <a class="button" href="${url}">go on to Stripe</a></p>`,
    url,
  );
}

/** After the payer came back. Shows what was bought, unless that would tell what a credit costs, and nothing of the balance. */
export function thanksPage(payment: Payment, showsCredits: boolean): string {
  const bought = showsCredits ? `${grouped(String(payment.credits))} credits` : 'Your credits';
  const [mark, tone, title, text] = {
    paid: ['✓', 'done', 'Thank you', `${bought} are in the balance.`],
    processing: ['…', 'done', 'Thank you', `The payment is on its way. ${bought} are added as soon as it has arrived.`],
    failed: ['!', 'wrong', 'The payment failed', 'Nothing was taken. Use the link again to pay in another way.'],
    expired: ['!', 'wrong', 'The payment was not made in time', 'Nothing was taken. Use the link again.'],
    waiting: ['…', 'done', 'Not paid yet', 'As soon as the payment has arrived, the credits are added.'],
    looking: [
      '…',
      'done',
      'Thank you',
      'The payment has arrived and is being looked at; whoever sold the credits knows of it.',
    ],
  }[toneOf(payment.state)] as [string, string, string, string];
  return page(
    title,
    html`<div class="card single">
      <div class="mark ${tone}" aria-hidden="true">${mark}</div>
      <h1>${title}</h1>
      <p>${text}</p>
      ${payment.receipt_url === null
        ? null
        : html`<p class="foot"><a href="${payment.receipt_url}">See the receipt</a></p>`}
    </div>`,
  );
}

function toneOf(state: Payment['state']) {
  switch (state) {
    case 'paid':
    case 'processing':
    case 'failed':
    case 'expired':
      return state;
    case 'mismatch':
    case 'stuck':
      return 'looking';
    default:
      return 'waiting';
  }
}

/** Asks the owner of a card to pay what its bank did not take without them. */
export function confirmPage({ partnerName, money, state }: Confirmation): string {
  if (state !== 'waiting')
    return page(
      'Nothing to confirm',
      html`<div class="card single">
        <div class="mark done" aria-hidden="true">✓</div>
        <h1>Nothing is left to confirm</h1>
        <p>
          ${state === 'paid'
            ? 'The payment was made. Thank you.'
            : 'This payment does not wait for anybody any more. Nothing was taken by this link.'}
        </p>
      </div>`,
    );
  return page(
    `Confirm a payment · ${partnerName}`,
    html`<p class="brand">${partnerName}</p>
      <div class="card single">
        <h1>Confirm a payment of ${money}</h1>
        <p>
          The bank did not take the automatic top-up without the owner of the card. Nothing was taken yet. Pay it on
          Stripe’s page, where your bank asks you to confirm; then the next ones come by themselves again.
        </p>
        <form method="post"><button>Go on to Stripe</button></form>
      </div>`,
  );
}

/** After the owner of a card came back from saving it. */
export function cardSavedPage(isKnown: boolean): string {
  return page(
    'The card is saved',
    html`<div class="card single">
      <div class="mark done" aria-hidden="true">✓</div>
      <h1>${isKnown ? 'The card is saved' : 'Thank you'}</h1>
      <p>
        ${isKnown
          ? 'It is charged for automatic top-ups only. Nothing was paid.'
          : 'As soon as Stripe has told us of the card, it is saved. Nothing was paid.'}
      </p>
    </div>`,
  );
}

/** Something is wrong with the link, or with payments here. */
export function sorryPage(title: string, text: string): string {
  return page(
    title,
    html`<div class="card single">
      <div class="mark wrong" aria-hidden="true">!</div>
      <h1>${title}</h1>
      <p>${text}</p>
    </div>`,
  );
}
