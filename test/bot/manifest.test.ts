import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SLACK_PATH } from '../../bot/app';
import { REDIRECT_PATH } from '../../bot/installs';
import manifest from '../../bot/manifest.json';

/** The manifest asks Slack for what the code uses, and for nothing else: both are read, and held against each other. */
const BOT = join(__dirname, '../../bot');
const source = readdirSync(BOT, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
  .map((file) => readFileSync(join(BOT, file), 'utf8'))
  .join('\n');
const partners = readFileSync(join(__dirname, '../../docs/partners.md'), 'utf8');

const { features, oauth_config: oauth, settings } = manifest;
const scopes = oauth.scopes.bot;

/** The scope that each Web API method needs; null: none, or not one of a bot's (docs.slack.dev/reference/methods). */
const SCOPE_OF: Readonly<Record<string, string | null>> = {
  'apps.connections.open': null,
  'auth.test': null,
  'chat.delete': 'chat:write',
  'chat.getPermalink': null,
  'chat.postEphemeral': 'chat:write',
  'chat.postMessage': 'chat:write',
  'chat.scheduleMessage': 'chat:write',
  'chat.update': 'chat:write',
  'conversations.open': 'im:write',
  'files.completeUploadExternal': 'files:write',
  'files.getUploadURLExternal': 'files:write',
  'files.uploadV2': 'files:write',
  filesUploadV2: 'files:write',
  'oauth.v2.access': null,
  'views.open': null,
  'views.publish': null,
  'views.push': null,
  'views.update': null,
};

/** Every family of methods of Slack's client: whatever the variable is called that a method is called on. */
const FAMILY =
  /\.\s*((?:admin|apps|assistant|auth|bookmarks|bots|calls|canvases|chat|conversations|dnd|emoji|files|functions|oauth|pins|reactions|reminders|search|team|usergroups|users|views|workflows)(?:\s*\.\s*\w+){1,3})\s*\(/g;

const first = (matches: Iterable<RegExpMatchArray>) => [...matches].map(([, found = '']) => found);

const methods = new Set([
  ...first(source.matchAll(FAMILY)).map((method) => method.replace(/\s/g, '')),
  ...first(source.matchAll(/\.\s*(filesUploadV2)\s*\(/g)),
  ...first(source.matchAll(/\bapiCall\(\s*['"`]([\w.]+)['"`]/g)),
]);

/** What `app.<kind>(…)` is registered with: string literals, and constants by their value. */
function registered(kind: 'event' | 'shortcut' | 'command' | 'message'): string[] {
  const words = first(source.matchAll(new RegExp(`\\bapp\\s*\\.\\s*${kind}\\(\\s*(?:<[^>]*>)?\\s*([^,]+),`, 'g')));
  return [...new Set(words.map(valueOf))].sort();
}

function valueOf(word: string): string {
  const literal = /^['"`]([^'"`]*)['"`]$/.exec(word.trim())?.[1];
  if (literal !== undefined) return literal;
  const callbackId = /callback_id:\s*([^\s,}]+)/.exec(word)?.[1];
  if (callbackId !== undefined) return valueOf(callbackId);
  const [name = '', key] = word.trim().split('.');
  const found = key
    ? new RegExp(`\\b${name}\\b[^=]*=\\s*\\{[^}]*\\b${key}:\\s*['"]([^'"]+)['"]`).exec(source)
    : new RegExp(`\\bconst\\s+${name}\\b[^=]*=\\s*['"]([^'"]+)['"]`).exec(source);
  return found?.[1] ?? word.trim();
}

describe('the manifest and the code agree', () => {
  it('on scopes: every method that the code calls has its scope, and every scope has its use', () => {
    expect([...methods].filter((method) => !(method in SCOPE_OF))).toEqual([]);
    const needed = new Set(['commands', ...[...methods].flatMap((method) => SCOPE_OF[method] ?? [])]);
    expect([...needed].sort()).toEqual([...scopes].sort());
  });

  it('on methods: the test above finds calls however they are written', () => {
    for (const method of ['chat.postMessage', 'chat.update', 'oauth.v2.access', 'auth.test'])
      expect(methods).toContain(method);
  });

  it('on events: those that it subscribes to are those that are listened to', () => {
    expect(registered('event')).toEqual([...settings.event_subscriptions.bot_events].sort());
    expect(registered('message')).toEqual([]); // the app reads no messages
  });

  it('on shortcuts: those that Slack offers are those that are answered', () => {
    expect(registered('shortcut')).toEqual(features.shortcuts.map(({ callback_id }) => callback_id).sort());
    for (const { name, description, callback_id } of features.shortcuts) {
      expect(name.length).toBeLessThanOrEqual(24);
      expect(description.length).toBeLessThanOrEqual(150);
      expect(callback_id).toMatch(/^talktime_[a-z_]+$/);
    }
  });

  it('on the command: there is one, every command is answered, and names and channels come as ids', () => {
    expect(registered('command')).toEqual(['/./']);
    expect(features.slash_commands).toMatchObject([{ command: '/credits', should_escape: true }]);
  });

  it('on interactivity: it is on, since there are buttons, modals and lists to pick from', () => {
    const listens = /\bapp\s*\.\s*(action|view|options|shortcut)\(/.test(source);
    expect(settings.interactivity.is_enabled).toBe(listens || features.shortcuts.length > 0);
  });

  it('on the Home tab: it is there when it is filled', () => {
    expect(features.app_home.home_tab_enabled).toBe(registered('event').includes('app_home_opened'));
  });

  it('on addresses: whatever Slack sends comes to the one that the bot listens on, and browsers to the OAuth one', () => {
    const addresses = [
      ...features.slash_commands.map(({ url }) => url),
      settings.event_subscriptions.request_url,
      settings.interactivity.request_url,
      settings.interactivity.message_menu_options_url,
    ];
    for (const address of addresses) expect(new URL(address).pathname).toBe(SLACK_PATH);
    expect(oauth.redirect_urls.map((address) => new URL(address).pathname)).toEqual([REDIRECT_PATH]);
    const hosts = [...addresses, ...oauth.redirect_urls].map((address) => new URL(address).origin);
    expect(new Set(hosts)).toEqual(new Set(['https://talktime.example.com']));
  });
});

describe('the manifest by default', () => {
  it('has Socket Mode off, and can be installed for a whole organisation', () => {
    expect(settings).toMatchObject({ socket_mode_enabled: false, org_deploy_enabled: true });
  });

  it('does not rotate tokens: one set by hand would be dead in 12 hours, and it cannot be switched off again', () => {
    expect(settings.token_rotation_enabled).toBe(false);
  });

  it('asks for no scope that reads messages, people or files, and for none of a user', () => {
    expect(oauth.scopes).not.toHaveProperty('user');
    expect(scopes.filter((scope) => /:(read|history)$|admin|identify/.test(scope))).toEqual([]);
  });

  it('keeps to the lengths that Slack takes', () => {
    const { name, description, background_color } = manifest.display_information;
    expect(name.length).toBeLessThanOrEqual(35);
    expect(description.length).toBeLessThanOrEqual(140);
    expect(background_color).toMatch(/^#[0-9a-f]{6}$/);
    for (const command of features.slash_commands) {
      expect(command.description.length).toBeLessThanOrEqual(2000);
      expect(command.usage_hint.length).toBeLessThanOrEqual(1000);
    }
  });
});

describe('the partners page', () => {
  it('gives a reason for each scope, and for none that is not asked for', () => {
    const rows = [...partners.matchAll(/^\| `([a-z:._]+)` \| (.{10,}) \|$/gm)].map(([, scope]) => scope);
    expect(rows.filter((scope) => scope?.includes(':') || scope === 'commands').sort()).toEqual([...scopes].sort());
  });
});
