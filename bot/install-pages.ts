const PAGES = {
  installed: [
    'Talktime is installed',
    'You are an owner now. Type /credits in Slack to begin, and give your colleagues a role.',
  ],
  taken: [
    'This workspace belongs to another account',
    'It is connected to another Talktime account already (SLACK_TEAM_TAKEN). Disconnect it there first. Nothing was changed.',
  ],
  spent: [
    'This link cannot be used',
    'An install link works once, in the browser that opened it, for an hour. Ask for a new one.',
  ],
  cancelled: ['Nothing was installed', 'The installation was cancelled in Slack. Open the link again to install.'],
  failed: ['The installation failed', 'Slack or Talktime could not finish it. Ask for a new link and try again.'],
} as const;

/** What a browser shows at the end of an installation. Constant text: nothing that anybody typed is in it. */
export function installPage(page: keyof typeof PAGES): string {
  const [title, text] = PAGES[page];
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1><p>${text}</p></body>
</html>
`;
}
