import { createHash } from 'node:crypto';

/** Markup that may be put into a page as it is. */
export class Html {
  constructor(readonly text: string) {}
}

type Value = string | number | Html | null | readonly Html[];

/** Markup from a template; what is put in is escaped, unless it is markup itself. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(parts.map((part, index) => part + textOf(values[index] ?? null)).join(''));
}

function textOf(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string' || typeof value === 'number')
    return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return value instanceof Html ? value.text : value.map(({ text }) => text).join('');
}

const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --desk: #f3f4f6; --ink: #111827; --quiet: #4b5563; --line: #e5e7eb;
  --strong: #1d4ed8; --on-strong: #fff; --done: #15803d; --wrong: #b45309; --edge: #6b7280; }
@media (prefers-color-scheme: dark) { :root { --paper: #1f2937; --desk: #111827; --ink: #f9fafb; --quiet: #d1d5db;
  --line: #374151; --strong: #93c5fd; --on-strong: #111827; --done: #4ade80; --wrong: #fbbf24; --edge: #9ca3af; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1.25rem; background: var(--desk); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 44rem; margin: 0 auto; }
.brand { margin: 0 0 1.5rem; color: var(--quiet); font-weight: 600; }
h1 { margin: 0 0 .25rem; font-size: 1.625rem; line-height: 1.25; }
h2 { margin: 2rem 0 .75rem; font-size: 1.125rem; }
p { margin: 0 0 .5rem; color: var(--quiet); }
.card { padding: 1.25rem; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; }
.plans { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; margin: 0; padding: 0; list-style: none; }
.plans .card { display: flex; flex-direction: column; }
.plans form { margin-top: auto; padding-top: .75rem; }
.popular { border-color: var(--strong); }
.single { max-width: 30rem; margin: 10vh auto 0; padding: 2rem; }
.head { display: flex; align-items: flex-start; justify-content: space-between; gap: .5rem; }
.badge { flex: none; padding: .125rem .5rem; border-radius: 1rem; background: var(--strong); color: var(--on-strong);
  font-size: .75rem; font-weight: 600; }
.name { color: var(--ink); font-weight: 600; overflow-wrap: anywhere; }
.price { color: var(--ink); font-size: 1.5rem; font-weight: 700; }
.what { color: var(--ink); }
.small { font-size: .875rem; }
.hint { margin: .5rem 0 0; }
.foot { margin-top: 1.25rem; }
.problem { margin: 1rem 0 0; padding: .75rem 1rem; border: 1px solid var(--wrong); border-radius: .5rem; background: var(--paper); color: var(--wrong);
  font-weight: 600; }
a:not(.button) { color: var(--strong); }
label { display: block; margin-bottom: .375rem; color: var(--ink); font-weight: 600; }
.row { display: flex; flex-wrap: wrap; gap: .75rem; }
input[type=text] { flex: 1 1 10rem; min-width: 0; padding: .625rem .75rem; border: 1px solid var(--edge); border-radius: .5rem; background: var(--paper);
  color: var(--ink); font: inherit; }
button, .button { display: inline-block; padding: .625rem 1.125rem; border: 0; border-radius: .5rem; background: var(--strong); color: var(--on-strong);
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; }
.plans button { width: 100%; }
button:focus-visible, .button:focus-visible, input:focus-visible { outline: 3px solid var(--strong); outline-offset: 2px; }
.done { color: var(--done); } .wrong { color: var(--wrong); }
.mark { display: grid; place-items: center; width: 2.75rem; height: 2.75rem; margin-bottom: 1rem; border: 2px solid currentColor; border-radius: 50%;
  font-size: 1.375rem; font-weight: 700; line-height: 1; }
`;

/** To the byte, for the browser takes it by its hash: nothing may be put around it. */
const STYLE_ELEMENT = new Html(`<style>${STYLE}</style>`);
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** The one style is allowed by its hash, forms go to the page's own address, and nothing else is allowed. */
export const PAY_PAGE_HEADERS = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer', // the address is what lets one pay
  'x-robots-tag': 'noindex, nofollow',
} as const;

/** A whole page. `goOn`: where the browser is sent by itself. */
export function page(title: string, body: Html, goOn?: string): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        ${goOn === undefined ? null : html`<meta http-equiv="refresh" content="0;url=${goOn}" />`} ${STYLE_ELEMENT}
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.text;
}
