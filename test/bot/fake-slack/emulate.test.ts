import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { alertMessage } from '../../../bot/messages';
import { createSlackAlertChannel } from '../../../bot/alert-channel';
import { singleWorkspace } from '../../../bot/ports';
import { startFakeSlack, type FakeSlack } from '../../../server/demo/slack';
import { delivery, entry, keepingLogger, notice } from '../samples';

/**
 * Our fake is not the only witness: what it answers is held against emulate's Slack wherever both answer. emulate checks
 * no blocks, no arguments and no rate, sends no commands or interactions, and refreshes no tokens: for those,
 * limits.test.ts, people.test.ts (Bolt) and oauth.test.ts stand behind the fake. Where the two differ, the reason stands
 * beside the assertion.
 */
const TOKEN = 'xoxb-test-token';
const TEAM = 'T000000001';
const CHANNEL = 'C000000001';
const ADMIN = 'U000000001';
const CLIENT_ID = '1111111111.2222222222';
const REDIRECT = 'http://localhost/slack/oauth_redirect';
const { blocks } = alertMessage(notice('low', '98'));
const title = { type: 'plain_text', text: 'Top up' };
const modal = { type: 'modal', title, blocks: [{ type: 'divider' }], callback_id: 'c', private_metadata: 'm' };
const home = { type: 'home', blocks: [{ type: 'divider' }] };

let fake: FakeSlack;
let emulator: ChildProcess;
let emulateUrl: string;
/** Somebody that both know and that the app can write to. */
let mia: { fake: string; emulate: string };

beforeAll(async () => {
  const users = [{ id: ADMIN, name: 'admin' }, { id: 'U0MIA' }];
  fake = await startFakeSlack({
    app: { clientId: CLIENT_ID, clientSecret: 'secret', manifest: MANIFEST },
    workspaces: [{ id: TEAM, tokens: [TOKEN], users, channels: [{ id: CHANNEL, name: 'general' }] }],
  });
  emulator = spawn(process.execPath, [join(__dirname, 'emulate-child.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(emulator.stdout ?? emulator, 'data')) as [Buffer];
  emulateUrl = line.toString().trim();
  const { members } = (await call(emulateUrl, 'users.list', {})) as { members: { id: string; name: string }[] };
  mia = { fake: 'U0MIA', emulate: members.find(({ name }) => name === 'mia')?.id ?? '' };
});
afterAll(async () => {
  emulator.stdin?.end();
  await Promise.all([once(emulator, 'exit'), fake.close()]);
});

const MANIFEST = {
  features: { app_home: { home_tab_enabled: true } },
  oauth_config: {
    redirect_urls: [REDIRECT],
    scopes: {
      bot: ['chat:write', 'im:write', 'files:write', 'users:read', 'channels:read', 'im:read', 'groups:read'],
    },
  },
  settings: { token_rotation_enabled: false },
};

type Answer = Record<string, unknown>;

async function call(
  apiUrl: string,
  method: string,
  args: Record<string, unknown>,
  token: string | null = TOKEN,
): Promise<Answer> {
  const form = Object.entries(args).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const response = await fetch(apiUrl + method, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: new URLSearchParams(form),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

const both = async (method: string, args: Record<string, unknown>, token?: string | null) =>
  [await call(fake.apiUrl, method, args, token), await call(emulateUrl, method, args, token)] as const;

/** The paths of everything in an answer, with what kind of value stands there: "channel.id string". */
function shape(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.length > 0 ? shape(value[0], `${at}[]`) : [`${at} list`];
  if (typeof value !== 'object' || value === null) return [`${at} ${value === null ? 'null' : typeof value}`];
  return Object.entries(value).flatMap(([key, inner]) => shape(inner, at === '' ? key : `${at}.${key}`));
}

/** What emulate says and the fake does not, or not in that form. */
const missing = (ours: Answer, theirs: Answer) => shape(theirs).filter((path) => !shape(ours).includes(path));

describe('the fake Slack and emulate refuse alike', () => {
  const view = modal;
  it.each<[string, string, Record<string, unknown>, (string | null)?]>([
    ['no token', 'chat.postMessage', { channel: CHANNEL, text: 'x' }, null],
    ['no token', 'auth.test', {}, null],
    ['a post to a channel that is not there', 'chat.postMessage', { channel: 'C0NOWHERE', text: 'x' }],
    ['a post without a channel', 'chat.postMessage', { text: 'x' }],
    ['a post without text', 'chat.postMessage', { channel: CHANNEL }],
    ['an update of nothing', 'chat.update', { channel: CHANNEL, ts: '1.000001', text: 'x' }],
    ['a deletion of nothing', 'chat.delete', { channel: CHANNEL, ts: '1.000001' }],
    ['an ephemeral message to nobody', 'chat.postEphemeral', { channel: CHANNEL, user: 'U0NOBODY', text: 'x' }],
    ['an ephemeral message to nowhere', 'chat.postEphemeral', { channel: 'C0NOWHERE', user: ADMIN, text: 'x' }],
    ['an ephemeral message without text', 'chat.postEphemeral', { channel: CHANNEL, user: ADMIN }],
    ['a DM with nobody', 'conversations.open', { users: 'U0NOBODY' }],
    ['a DM without a person', 'conversations.open', {}],
    ['a DM that is not there', 'conversations.open', { channel: 'D0NOTHING' }],
    ['a channel that is not there', 'conversations.info', { channel: 'C0NOWHERE' }],
    ['nobody', 'users.info', { user: 'U0NOBODY' }],
    ['a trigger that is none', 'views.open', { trigger_id: '1.1.1', view }],
    ['a push by a trigger that is none', 'views.push', { trigger_id: '1.1.1', view }],
    ['an update of a view that is not there', 'views.update', { view_id: 'V0NOTHING', view }],
    ['a Home tab of nobody', 'views.publish', { user_id: 'U0NOBODY', view: home }],
    ['a file without a name', 'files.getUploadURLExternal', { length: '4' }],
    ['a file that is not there', 'files.completeUploadExternal', { files: [{ id: 'F0NOTHING' }] }],
    ['no files', 'files.completeUploadExternal', { files: [] }],
    ['another app', 'oauth.v2.access', { client_id: 'x', client_secret: 'secret', code: 'x' }, null],
    ['a code that is none', 'oauth.v2.access', { client_id: CLIENT_ID, client_secret: 'secret', code: 'x' }, null],
  ])('%s (%s)', async (_what, method, args, ...[token]) => {
    const [ours, theirs] = await both(method, args, token);
    expect({ ok: ours.ok, error: ours.error }).toEqual({ ok: false, error: theirs.error });
  });

  it('what differs, and why', async () => {
    const differ = async (method: string, args: Record<string, unknown>, token?: string | null) =>
      (await both(method, args, token)).map(({ error }) => error ?? 'ok');
    // docs.slack.dev, "oauth.v2.access": bad_client_secret.
    const wrong = { client_id: CLIENT_ID, client_secret: 'wrong', code: 'x' };
    expect(await differ('oauth.v2.access', wrong, null)).toEqual(['bad_client_secret', 'invalid_client_id']);
    // docs.slack.dev, "chat.update" and "chat.delete": channel_not_found. emulate does not look for the channel.
    const lost = { channel: 'C0NOWHERE', ts: '1.000001' };
    expect(await differ('chat.update', { ...lost, text: 'x' })).toEqual(['channel_not_found', 'message_not_found']);
    expect(await differ('chat.delete', lost)).toEqual(['channel_not_found', 'message_not_found']);
    // The fake knows who has which token; emulate takes any.
    expect(await differ('auth.test', {}, 'xoxb-nobodys')).toEqual(['invalid_auth', 'ok']);
    // A reply to nothing would stand alone: the fake says that, where emulate posts it.
    const reply = { channel: CHANNEL, text: 'x', thread_ts: '1.000001' };
    expect(await differ('chat.postMessage', reply)).toEqual(['thread_not_found', 'ok']);
    // emulate has an error of its own for a view that is none; Slack's is invalid_arguments, with where it is wrong.
    const trigger = await triggers();
    expect((await call(fake.apiUrl, 'views.open', { trigger_id: trigger.fake, view: home })).error).toBe(
      'invalid_arguments',
    );
    expect((await call(emulateUrl, 'views.open', { trigger_id: trigger.emulate, view: home })).error).toBe(
      'invalid_view',
    );
  });
});

async function triggers() {
  const { trigger_id } = await call(emulateUrl, 'views.generateTriggerId', { user_id: ADMIN });
  return { fake: fake.state.triggers.create(TEAM, ADMIN), emulate: String(trigger_id) };
}

describe('the fake Slack and emulate answer alike', () => {
  it('auth.test', async () => {
    const [ours, theirs] = await both('auth.test', {});
    expect(missing(ours, theirs)).toEqual([]);
  });

  it('chat.postMessage, chat.update and chat.delete', async () => {
    const shapes = [];
    for (const apiUrl of [fake.apiUrl, emulateUrl]) {
      const posted = await call(apiUrl, 'chat.postMessage', { channel: CHANNEL, text: 'x', blocks });
      expect(posted).toMatchObject({ ok: true, channel: CHANNEL, ts: expect.stringMatching(/^\d{10}\.\d{6}$/) });
      const updated = await call(apiUrl, 'chat.update', { channel: CHANNEL, ts: posted.ts, text: 'y', blocks });
      expect(updated).toMatchObject({ ok: true, channel: CHANNEL, ts: posted.ts, text: 'y' });
      // Both take the blocks away when there is only text: docs.slack.dev, "chat.update".
      const plain = await call(apiUrl, 'chat.update', { channel: CHANNEL, ts: posted.ts, text: 'z' });
      expect((plain.message as Answer).blocks).toBeUndefined();
      const deleted = await call(apiUrl, 'chat.delete', { channel: CHANNEL, ts: posted.ts });
      expect(deleted).toEqual({ ok: true, channel: CHANNEL, ts: posted.ts });
      expect(await call(apiUrl, 'chat.delete', { channel: CHANNEL, ts: posted.ts })).toMatchObject({
        error: 'message_not_found',
      });
      shapes.push({ posted, updated });
    }
    const [ours, theirs] = shapes;
    expect(missing(ours?.posted ?? {}, theirs?.posted ?? {})).toEqual([]);
    expect(missing(ours?.updated ?? {}, theirs?.updated ?? {})).toEqual([]);
    // Slack names blocks that came without a block_id, and emulate does not.
    const sent = (answer: Answer | undefined) => (answer?.message as Answer).blocks as Answer[];
    const named = sent(ours?.posted).map(({ block_id, ...block }) => [typeof block_id, block]);
    expect(named).toEqual(sent(theirs?.posted).map((block) => ['string', block]));
  });

  it('chat.postEphemeral', async () => {
    const [ours, theirs] = await both('chat.postEphemeral', { channel: CHANNEL, user: ADMIN, text: 'x' });
    expect(shape(ours)).toEqual(shape(theirs));
  });

  it('conversations.open, the first time and the second', async () => {
    for (const extra of [{}, { return_im: 'true' }]) {
      const ours = await call(fake.apiUrl, 'conversations.open', { users: mia.fake, ...extra });
      const theirs = await call(emulateUrl, 'conversations.open', { users: mia.emulate, ...extra });
      // What emulate says of a DM besides, Slack says of channels only.
      const ofChannels =
        /\.(name|name_normalized|is_channel|is_group|is_mpim|is_private|is_member|last_read|topic|purpose|creator|num_members|created|members|latest|unread)/;
      expect(missing(ours, theirs).filter((path) => !ofChannels.test(path))).toEqual([]);
      expect((ours.channel as Answer).id).toMatch(/^D/);
    }
  });

  it('conversations.info', async () => {
    const args = { channel: CHANNEL, include_num_members: 'true' };
    const [ours, theirs] = await both('conversations.info', args);
    // emulate says where the bot has read to and whether it has the channel open, which are for people.
    expect(missing(ours, theirs)).toEqual(['channel.is_open boolean', 'channel.last_read string']);
  });

  it('users.info', async () => {
    const [ours, theirs] = await both('users.info', { user: ADMIN });
    // emulate gives the address to whoever asks, where Slack asks for users:read.email, and a profile's empty parts.
    const empty = /^user\.profile\.(email|title|phone|skype|image_|status_|huddle_)/;
    expect(missing(ours, theirs).filter((path) => !empty.test(path))).toEqual([]);
  });

  it('views.open, views.push, views.update and views.publish', async () => {
    const trigger = await triggers();
    const open = (apiUrl: string, trigger_id: string) => call(apiUrl, 'views.open', { trigger_id, view: modal });
    const ours = await open(fake.apiUrl, trigger.fake);
    const theirs = await open(emulateUrl, trigger.emulate);
    expect(missing(ours, theirs)).toEqual([]);
    for (const [apiUrl, used] of [
      [fake.apiUrl, trigger.fake],
      [emulateUrl, trigger.emulate],
    ] as const)
      expect((await open(apiUrl, used)).error).toBe('exchanged_trigger_id');

    const idOf = ({ view }: Answer) => String((view as Answer).id);
    const fromModal = {
      fake: fake.state.triggers.create(TEAM, ADMIN, { viewId: idOf(ours) }),
      emulate: String(
        (await call(emulateUrl, 'views.generateTriggerId', { user_id: ADMIN, view_id: idOf(theirs) })).trigger_id,
      ),
    };
    const push = (apiUrl: string, trigger_id: string) => call(apiUrl, 'views.push', { trigger_id, view: modal });
    const pushed = [await push(fake.apiUrl, fromModal.fake), await push(emulateUrl, fromModal.emulate)] as const;
    expect(missing(...pushed)).toEqual([]);
    expect(pushed.map(({ view }) => (view as Answer).root_view_id)).toEqual([idOf(ours), idOf(theirs)]);

    const { hash } = ours.view as Answer;
    const update = (apiUrl: string, view_id: string, old: unknown) =>
      call(apiUrl, 'views.update', { view_id, hash: old, view: modal });
    const updated = [
      await update(fake.apiUrl, idOf(ours), hash),
      await update(emulateUrl, idOf(theirs), (theirs.view as Answer).hash),
    ] as const;
    expect(missing(...updated)).toEqual([]);
    expect((await update(fake.apiUrl, idOf(ours), hash)).error).toBe('hash_conflict');
    expect((await update(emulateUrl, idOf(theirs), (theirs.view as Answer).hash)).error).toBe('hash_conflict');

    const published = await both('views.publish', { user_id: ADMIN, view: home });
    // Slack's types have every view with a title, a Home tab's being "View Title"; emulate says null.
    expect(missing(...published)).toEqual(['view.title null']);
  });

  it('a file from its address to its place', async () => {
    for (const apiUrl of [fake.apiUrl, emulateUrl]) {
      const asked = await call(apiUrl, 'files.getUploadURLExternal', { filename: 'a.png', length: '4' });
      expect(shape(asked)).toEqual(expect.arrayContaining(['ok boolean', 'upload_url string', 'file_id string']));
      // emulate believes that it listens on port 0.
      const { pathname } = new URL(String(asked.upload_url));
      const upload = await fetch(new URL(pathname, apiUrl), { method: 'POST', body: Buffer.from('\x89PNG', 'latin1') });
      expect([upload.status, (await upload.text()).slice(0, 2)]).toEqual([200, 'OK']);
      const files = [{ id: asked.file_id, title: 'A' }];
      const complete = await call(apiUrl, 'files.completeUploadExternal', { files, channel_id: CHANNEL });
      expect(complete).toMatchObject({ ok: true, files: [{ id: asked.file_id, title: 'A' }] });
    }
  });

  it('an installation', async () => {
    const query = new URLSearchParams({
      client_id: CLIENT_ID,
      scope: 'chat:write',
      state: 's',
      redirect_uri: REDIRECT,
    });
    const ourBack = await fake.person(TEAM, ADMIN).authorize(`${fake.authorizeUrl}?${query.toString()}`);
    const form = new URLSearchParams(query);
    form.set('user_id', ADMIN);
    const allowed = await fetch(new URL('/oauth/v2/authorize/callback', emulateUrl), {
      method: 'POST',
      body: form,
      redirect: 'manual',
    });
    const theirBack = allowed.headers.get('location') ?? '';
    const answers = [];
    for (const [apiUrl, back] of [
      [fake.apiUrl, ourBack],
      [emulateUrl, theirBack],
    ] as const) {
      const { searchParams } = new URL(back);
      expect(searchParams.get('state')).toBe('s');
      const args = {
        client_id: CLIENT_ID,
        client_secret: 'secret',
        code: searchParams.get('code'),
        redirect_uri: REDIRECT,
      };
      answers.push(await call(apiUrl, 'oauth.v2.access', args, null));
      expect(await call(apiUrl, 'oauth.v2.access', args, null)).toMatchObject({ error: 'invalid_code' });
    }
    expect(shape(answers[0]).sort()).toEqual(shape(answers[1]).sort());
  });

  it('an alert through an episode', async () => {
    for (const apiUrl of [fake.apiUrl, emulateUrl]) {
      const alerts = createSlackAlertChannel({
        installations: singleWorkspace(TOKEN),
        apiUrl,
        logger: keepingLogger(),
      });
      const route = { kind: 'slack', teamId: null, channel: CHANNEL } as const;
      const low = await alerts.deliver(delivery(notice('low', '98'), { route }));
      const message = low.kind === 'delivered' ? low.message : null;
      const worse = {
        entries: [{ ...entry('exhausted', '-2') }],
        broadcast: true,
      };
      const exhausted = delivery(notice('exhausted', '-2'), { route, previous: message, thread: worse });
      expect(await alerts.deliver(exhausted)).toEqual({ kind: 'delivered', message });
      const recovered = delivery(notice('recovered', '998'), { route, previous: message });
      expect(await alerts.deliver(recovered)).toEqual({ kind: 'delivered', message });
      const lost = delivery(notice('low', '98'), { route: { ...route, channel: 'C0NOWHERE' } });
      expect(await alerts.deliver(lost)).toMatchObject({
        kind: 'dead',
      });
    }
  });
});

describe('the fake Slack alone refuses', () => {
  it.each([
    ['a wrong token', { text: 'x' }, 'xoxb-wrong', 'invalid_auth'],
    ['an argument that Slack does not have', { text: 'x', unfurl: 'x' }, TOKEN, 'invalid_arguments'],
    ['blocks that are no list', { text: 'x', blocks: 'x' }, TOKEN, 'invalid_blocks_format'],
    ['a block that is broken', { text: 'x', blocks: [{ type: 'section' }] }, TOKEN, 'invalid_blocks'],
    [
      'too much text',
      { text: 'x', blocks: Array(5).fill({ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(2800) } }) },
      TOKEN,
      'msg_blocks_too_long',
    ],
    ['metadata without a payload', { text: 'x', metadata: { event_type: 'x' } }, TOKEN, 'invalid_metadata_schema'],
    ['a reply to nothing', { text: 'x', thread_ts: '1.000001' }, TOKEN, 'thread_not_found'],
  ])('%s', async (_what, args, token, error) => {
    expect(await call(fake.apiUrl, 'chat.postMessage', { channel: CHANNEL, ...args }, token)).toMatchObject({
      ok: false,
      error,
    });
  });

  it('a body of another kind', async () => {
    const response = await fetch(`${fake.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', authorization: `Bearer ${TOKEN}` },
      body: 'x',
    });
    expect(await response.json()).toEqual({ ok: false, error: 'invalid_post_type' });
  });
});
