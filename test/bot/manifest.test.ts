import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SLACK_PATH } from '../../bot/app';
import manifest from '../../bot/manifest.json';

const BOT = join(__dirname, '../../bot');
const source = readdirSync(BOT, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
  .map((file) => readFileSync(join(BOT, file), 'utf8'))
  .join('\n');
const partners = readFileSync(join(__dirname, '../../docs/partners.md'), 'utf8');

/** The scope that each Web API method needs (docs.slack.dev/reference/methods). */
const SCOPE_OF: Record<string, string> = { 'chat.postMessage': 'chat:write', 'chat.update': 'chat:write' };

describe('the manifest and the code agree', () => {
  const scopes = manifest.oauth_config.scopes.bot;
  const methods = [...source.matchAll(/client\.(\w+\.\w+)\(/g)].map(([, method]) => method ?? '');

  it('every method that the code calls has its scope, and every scope has its use', () => {
    expect(methods.length).toBeGreaterThan(0);
    const needed = new Set(['commands', ...methods.map((method) => SCOPE_OF[method] ?? `unknown scope of ${method}`)]);
    expect([...needed].sort()).toEqual([...scopes].sort());
  });

  it('the command comes to the address that the bot listens on', () => {
    for (const { url } of manifest.features.slash_commands) expect(new URL(url).pathname).toBe(SLACK_PATH);
    expect(manifest.features.slash_commands.map(({ command }) => command)).toEqual(['/credits']);
  });

  it('asks for nothing that no listener answers: no events, no buttons, no Home', () => {
    expect(source).not.toMatch(/app\.(event|action|view|shortcut|options|message)\(/);
    expect(manifest.settings).not.toHaveProperty('event_subscriptions');
    expect(manifest.settings).not.toHaveProperty('interactivity');
    expect(manifest.features).not.toHaveProperty('app_home');
  });

  it('the partners page gives a reason for each scope', () => {
    for (const scope of scopes) expect(partners).toMatch(new RegExp(`\\| \`${scope}\` \\| .{10,}`));
  });
});
