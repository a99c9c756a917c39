import type Stripe from 'stripe';
import { written } from './refusals';

/** What the pay page says about a session, as HTML. Everything that came from outside is escaped. */
export interface PageState {
  readonly seller: string;
  readonly items: readonly Stripe.LineItem[];
  /** Said above the form: why the last try failed. */
  readonly problem?: string;
}

export function drawPayPage(session: Stripe.Checkout.Session, { seller, items, problem }: PageState): string {
  const { currency, amount_total: total, total_details: totals } = session;
  const money = (amount: number) => written(amount, currency ?? 'usd');
  const isSetup = session.mode === 'setup';
  const wantsTax = session.automatic_tax.status === 'requires_location_inputs';
  const rows = items.map(
    (item) =>
      `<tr><td>${escaped(item.description)}${(item.quantity ?? 1) > 1 ? ` <small>× ${item.quantity}</small>` : ''}</td><td>${money(item.amount_subtotal)}</td></tr>`,
  );
  const tax = totals?.amount_tax ?? 0;
  const summary = isSetup
    ? '<p class="what">Save a payment method</p><p class="amount">For later payments</p>'
    : `<p class="what">${escaped(items.length === 1 ? (items[0]?.description ?? '') : `${items.length} items`)}</p>
<p class="amount">${money(total ?? 0)}</p>
<table>${rows.join('')}
<tr class="rule"><td>Subtotal</td><td>${money(session.amount_subtotal ?? 0)}</td></tr>
${session.automatic_tax.enabled ? `<tr><td>Tax</td><td>${wantsTax ? '<small>follows from your address</small>' : money(tax)}</td></tr>` : ''}
<tr class="total"><td>Total due</td><td>${money(total ?? 0)}${wantsTax ? ' <small>+ tax</small>' : ''}</td></tr></table>`;
  const button = isSetup ? 'Save card' : `Pay ${money(total ?? 0)}${wantsTax ? ' + tax' : ''}`;
  const email = session.customer_details?.email ?? '';
  return page(
    `${seller} · ${isSetup ? 'Save a card' : 'Pay'}`,
    `<main class="two"><section class="left">
${session.cancel_url ? `<a class="back" href="${escaped(session.cancel_url)}">← ${escaped(seller)}</a>` : `<p class="back">${escaped(seller)}</p>`}
<span class="badge">Test mode</span>
${summary}</section>
<section class="right"><form method="post">
${problem === undefined ? '' : `<p class="problem" role="alert">${escaped(problem)}</p>`}
<h2>Contact</h2>
<label>E-mail<input name="email" type="email" value="${escaped(email)}" ${session.customer_details?.email ? 'readonly' : 'required'} placeholder="you@example.com"></label>
<h2>Payment method</h2>
<div class="methods"><label class="radio"><input type="radio" name="method" value="card" checked> Card</label>
${isSetup ? '' : `<label class="radio"><input type="radio" name="method" value="delayed"> Bank account <small>arrives in days</small></label>`}</div>
<div class="card"><label>Card number<input name="card" inputmode="numeric" autocomplete="off" list="cards" value="4242 4242 4242 4242"></label>
<datalist id="cards">${HINTS.map(([number, says]) => `<option value="${number}">${says}</option>`).join('')}</datalist>
<div class="pair"><label>Expires<input name="expires" value="12 / 34" autocomplete="off"></label><label>CVC<input name="cvc" value="123" inputmode="numeric" autocomplete="off"></label></div>
<label>Name on card<input name="name" value="${escaped(session.customer_details?.name ?? '')}" placeholder="Jenny Rosen"></label></div>
<div class="pair"><label>Country<select name="country">${COUNTRIES.map(([code, name]) => `<option value="${code}"${code === (session.customer_details?.address?.country ?? 'US') ? ' selected' : ''}>${name}</option>`).join('')}</select></label>
<label>Postal code<input name="postal_code" value="${escaped(session.customer_details?.address?.postal_code ?? '')}" placeholder="94103"></label></div>
<button name="pay" value="yes">${button}</button>
<details><summary>Cards to try</summary><ul>${HINTS.map(([number, says]) => `<li><code>${number}</code> ${says}</li>`).join('')}</ul></details>
</form><footer>A fake Stripe. No money moves.</footer></section></main>`,
  );
}

/** The page of a bank that wants to know whether it is really them. */
export function drawAuthentication(what: string): string {
  return page(
    'Your bank',
    `<main class="one"><form method="post"><h1>3-D Secure</h1><p>Your bank asks: is it you who pays <b>${escaped(what)}</b>?</p>
<button name="answer" value="yes">Complete</button><button class="plain" name="answer" value="no">Fail</button></form></main>`,
  );
}

export function drawOnboarding(account: string): string {
  return page(
    'Set up payments',
    `<main class="one"><form method="post"><h1>Set up payments</h1><p>Here an agency tells Stripe who it is and where its money goes. The fake wants to know nothing.</p><p><code>${escaped(account)}</code></p>
<button name="answer" value="yes">Agree and submit</button><button class="plain" name="answer" value="no">Later</button></form></main>`,
  );
}

export function drawReceipt(charge: Stripe.Charge, seller: string): string {
  const { card } = charge.payment_method_details ?? {};
  const row = (what: string, value: string) => `<tr><td>${what}</td><td>${escaped(value)}</td></tr>`;
  return page(
    'Receipt',
    `<main class="one"><div class="paper"><h1>Receipt from ${escaped(seller)}</h1><p class="amount">${written(charge.amount, charge.currency)}</p><table>
${row('Paid', new Date(charge.created * 1_000).toISOString().slice(0, 10))}
${row('With', card ? `${card.brand ?? ''} •••• ${card.last4 ?? ''}` : (charge.payment_method_details?.type ?? ''))}
${charge.description ? row('For', charge.description) : ''}
${charge.amount_refunded > 0 ? row('Refunded', written(charge.amount_refunded, charge.currency)) : ''}
${row('Charge', charge.id)}</table></div></main>`,
  );
}

export function drawNotice(title: string, says: string, link?: { href: string; text: string }): string {
  return page(
    title,
    `<main class="one"><div class="paper"><h1>${escaped(title)}</h1><p>${escaped(says)}</p>${link ? `<p><a href="${escaped(link.href)}">${escaped(link.text)}</a></p>` : ''}</div></main>`,
  );
}

const HINTS = [
  ['4242 4242 4242 4242', 'is paid'],
  ['4000 0025 0000 3155', 'asks its bank first (3-D Secure)'],
  ['4000 0000 0000 0002', 'is declined'],
  ['4000 0000 0000 9995', 'has not enough money'],
  ['4000 0000 0000 0341', 'can be saved; later payments are declined'],
  ['4000 0027 6000 3184', 'asks its bank every time'],
] as const;

const COUNTRIES = [
  ['AU', 'Australia'],
  ['CA', 'Canada'],
  ['FR', 'France'],
  ['DE', 'Germany'],
  ['NL', 'Netherlands'],
  ['GB', 'United Kingdom'],
  ['US', 'United States'],
] as const;

function escaped(text: string | null | undefined): string {
  return (text ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>${body}</body></html>`;
}

const STYLE = `
*{box-sizing:border-box;margin:0}body{font:15px/1.45 system-ui,"Segoe UI",Roboto,sans-serif;color:#1a1f36;background:#fff}
.two{display:grid;grid-template-columns:1fr 1fr;min-height:100vh}.left{background:#f6f8fb;padding:56px 64px 56px 10vw;border-right:1px solid #e6e9f0}.right{padding:56px 10vw 40px 64px}
.back{color:#4f566b;text-decoration:none;font-weight:600;display:inline-block}.badge{margin-left:10px;background:#ffde92;color:#7a4d00;font-size:12px;font-weight:600;padding:2px 8px;border-radius:4px}
.what{color:#4f566b;font-size:17px;margin-top:36px}.amount{font-size:38px;font-weight:650;letter-spacing:-.02em;margin:2px 0 28px}
table{width:100%;border-collapse:collapse}td{padding:9px 0;vertical-align:top}td:last-child{text-align:right;white-space:nowrap}.rule td{border-top:1px solid #dfe3ec;padding-top:16px}.total td{font-weight:650;border-top:1px solid #dfe3ec}small{color:#697386;font-weight:400}
form,.paper{max-width:440px}h1{font-size:22px;margin-bottom:12px}h2{font-size:16px;margin:26px 0 10px}h2:first-of-type{margin-top:0}
label{display:block;font-size:13px;font-weight:550;color:#4f566b;margin-bottom:12px}input:not([type=radio]),select{display:block;width:100%;margin-top:4px;font-family:inherit;font-size:15px;font-weight:400;line-height:1.4;color:#1a1f36;padding:10px 12px;border:1px solid #d5dbe6;border-radius:7px;background:#fff;box-shadow:0 1px 2px rgba(20,30,60,.05)}input[readonly]{background:#f6f8fb;color:#4f566b}
input:focus,select:focus{outline:3px solid #b9d4ff;border-color:#5b8def}.pair{display:grid;grid-template-columns:1fr 1fr;gap:12px}
.methods{border:1px solid #d5dbe6;border-radius:7px;margin-bottom:14px;overflow:hidden}.radio{margin:0;padding:11px 12px;font-size:15px;font-weight:500;color:#1a1f36;cursor:pointer}.radio+.radio{border-top:1px solid #e6e9f0}.radio:has(:checked){background:#f2f7ff}form:has([value=delayed]:checked) .card{display:none}
button{width:100%;margin-top:8px;padding:13px;font:inherit;font-size:16px;font-weight:600;color:#fff;background:#0570de;border:0;border-radius:7px;cursor:pointer}button:hover{background:#0462c4}.plain{background:#fff;color:#1a1f36;border:1px solid #d5dbe6}.plain:hover{background:#f6f8fb}
.problem{background:#fff0f0;border:1px solid #f3b8b8;color:#a41c1c;border-radius:7px;padding:10px 12px;margin-bottom:18px;font-weight:550}
details{margin-top:18px;color:#4f566b;font-size:13px}summary{cursor:pointer}ul{padding:8px 0 0 0;list-style:none}li{margin-bottom:4px}code{background:#eef1f6;border-radius:4px;padding:1px 5px;font-size:12px}footer{margin-top:28px;color:#697386;font-size:13px}
.one{min-height:100vh;display:grid;place-items:center;background:#f6f8fb;padding:24px}.one form,.paper{background:#fff;border:1px solid #e6e9f0;border-radius:12px;padding:32px;width:100%;box-shadow:0 8px 30px rgba(20,30,60,.08)}.one p{color:#4f566b;margin-bottom:14px}.one p.amount{color:#1a1f36}
@media(max-width:800px){.two{grid-template-columns:1fr}.left{padding:28px 24px;border:0}.right{padding:28px 24px}}
`;
