import { dueWords, type ConnectionRow } from '@talktime/core/payments';
import { html, page } from './page';

/** After the account's owner came back from Stripe: what happens next. `null`: how it stands is not known right now. */
export function backFromStripePage(row: ConnectionRow | null, again: string): string {
  if (row?.charges_enabled)
    return card('✓', 'done', 'Payments can be taken', [
      html`<p>Stripe lets the account take payments. You can close this page.</p>`,
    ]);
  if (row?.details_submitted && row.account_due.length === 0)
    return card('…', 'done', 'Stripe checks what you told it', [
      html`<p>
        Payments can be taken as soon as Stripe says so; that may take minutes or days. You can close this page.
      </p>`,
    ]);
  if (row && row.account_due.length > 0)
    return card('!', 'wrong', 'Stripe wants to know more', [
      html`<ul>
        ${dueWords(row.account_due).map((words) => html`<li>${words}</li>`)}
      </ul>`,
      html`<p><a class="button" href="${again}">Go on at Stripe</a></p>`,
    ]);
  return card('…', 'done', 'Not done yet', [
    html`<p>As soon as Stripe knows who the business is, payments can be taken.</p>`,
    html`<p><a class="button" href="${again}">Go on at Stripe</a></p>`,
  ]);
}

function card(mark: string, tone: 'done' | 'wrong', title: string, text: ReturnType<typeof html>[]): string {
  return page(
    title,
    html`<div class="card single">
      <div class="mark ${tone}" aria-hidden="true">${mark}</div>
      <h1>${title}</h1>
      ${text}
    </div>`,
  );
}
