import { createHash } from 'node:crypto';

interface Page {
  readonly tone: 'done' | 'stopped' | 'wrong';
  readonly title: string;
  readonly text: string;
  /** What to do next, in order. */
  readonly next: readonly string[];
}

const PAGES = {
  installed: {
    tone: 'done',
    title: 'Talktime is installed',
    text: 'You are an owner: in Slack you may see everything, move credits and give roles.',
    next: [
      'Open Talktime under Apps in Slack, or type <code>/credits</code> in any channel.',
      'Type <code>/invite @Talktime</code> in the channel that low balances should be told in.',
      'Have your colleagues given a role, so that they see balances too.',
    ],
  },
  taken: {
    tone: 'wrong',
    title: 'This workspace belongs to another account',
    text: 'It is connected to another Talktime account already (SLACK_TEAM_TAKEN). Nothing was changed.',
    next: [
      'Ask whoever looks after that account to disconnect the workspace there.',
      'Then ask for a new install link: this one is used up.',
    ],
  },
  spent: {
    tone: 'wrong',
    title: 'This link cannot be used',
    text: 'An install link works once, for an hour, and ends in the browser in which it was opened.',
    next: ['Ask whoever sent it to you for a new one.'],
  },
  cancelled: {
    tone: 'stopped',
    title: 'Nothing was installed',
    text: 'The installation was cancelled in Slack.',
    next: ['To install after all, open the link again: it is still good until its hour is over.'],
  },
  failed: {
    tone: 'wrong',
    title: 'The installation failed',
    text: 'Slack or Talktime could not finish it. Nothing was kept.',
    next: ['Ask for a new install link and try again.', 'If it fails again, tell whoever runs Talktime.'],
  },
} as const satisfies Record<string, Page>;

export type InstallPage = keyof typeof PAGES;

const MARKS = { done: '✓', stopped: '–', wrong: '!' } as const;

const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --desk: #f3f4f6; --ink: #111827; --quiet: #4b5563; --line: #e5e7eb;
  --done: #15803d; --stopped: #4b5563; --wrong: #b45309; }
@media (prefers-color-scheme: dark) { :root { --paper: #1f2937; --desk: #111827; --ink: #f9fafb; --quiet: #d1d5db;
  --line: #374151; --done: #4ade80; --stopped: #d1d5db; --wrong: #fbbf24; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--desk);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { width: 100%; max-width: 30rem; padding: 2rem; background: var(--paper); border: 1px solid var(--line);
  border-radius: .75rem; }
.brand { margin: 0 0 1.5rem; color: var(--quiet); font-size: .875rem; font-weight: 600; letter-spacing: .02em; }
.mark { display: grid; place-items: center; width: 2.75rem; height: 2.75rem; border: 2px solid currentColor;
  border-radius: 50%; font-size: 1.375rem; font-weight: 700; line-height: 1; }
.done { color: var(--done); } .stopped { color: var(--stopped); } .wrong { color: var(--wrong); }
h1 { margin: 1rem 0 .5rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0; color: var(--quiet); }
h2 { margin: 1.5rem 0 .5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); font-size: 1rem; }
ul { margin: 0; padding-left: 1.25rem; } li + li { margin-top: .375rem; }
code { padding: .1em .3em; background: var(--desk); border-radius: .25rem; font-size: .9em; white-space: nowrap; }
`;

/** The pages' one style is allowed by its hash, and nothing else is. */
export const INSTALL_PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256')
  .update(STYLE)
  .digest('base64')}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** What a browser shows at the end of an installation. Constant text: nothing that anybody typed is in it. */
export function installPage(page: InstallPage): string {
  const { tone, title, text, next }: Page = PAGES[page];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${title} · Talktime</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="brand">Talktime for Slack</p>
<div class="mark ${tone}" aria-hidden="true">${MARKS[tone]}</div>
<h1>${title}</h1>
<p>${text}</p>
<h2>${next.length > 1 ? 'What to do next' : 'What to do'}</h2>
<ul>
${next.map((step) => `<li>${step}</li>`).join('\n')}
</ul>
</main>
</body>
</html>
`;
}
