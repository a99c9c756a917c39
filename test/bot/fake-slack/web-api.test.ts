import { WebClient, type WebAPIPlatformError, type WebAPIRateLimitedError } from '@slack/web-api';
import { startFakeSlack, type FakeSlack, type FakeSlackOptions } from '../../../server/demo/slack';
import * as samples from './blocks-by-type';

/** Through Slack's own client, which the fake did not have a hand in. */
const TOKEN = 'xoxb-bright';

let slack: FakeSlack;
afterEach(() => slack.close());

async function start(options: Partial<FakeSlackOptions> = {}): Promise<WebClient> {
  slack = await startFakeSlack({
    workspaces: [
      {
        id: 'T0BRIGHT',
        tokens: [
          TOKEN,
          { token: 'xoxb-poor', scopes: ['commands'] },
          { token: 'xoxb-old', expiresIn: -1 },
          { token: 'xoxb-public', scopes: ['chat:write', 'chat:write.public'] },
        ],
        users: [{ id: 'U0MIA', email: 'mia@bright.example' }, { id: 'U0TOM' }, { id: 'U0GONE', deactivated: true }],
        channels: [
          { id: 'C0ALERTS', name: 'alerts' },
          { id: 'C0OLD', archived: true },
          { id: 'C0CLOSED', app: false },
          { id: 'C0SECRET', private: true, app: false },
          { id: 'C0SHARED', sharedWith: ['T0CLIENT'], members: ['U0MIA', 'U0EVE'] },
        ],
      },
      {
        id: 'T0CLIENT',
        tokens: ['xoxb-client'],
        users: [{ id: 'U0EVE' }, { id: 'U0FAR' }],
        channels: [{ id: 'C0THEIRS' }],
        charts: false,
      },
    ],
    ...options,
  });
  return client(TOKEN);
}

function client(token?: string): WebClient {
  const logger = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => 'error', setName() {} };
  return new WebClient(token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: logger as never,
  });
}

/** The error code that a call ends with. */
async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => 'it went through',
    (thrown: WebAPIPlatformError) => thrown.data.error,
  );
  return error;
}

describe('chat', () => {
  it('posts where the app is, and says why not elsewhere', async () => {
    const web = await start();
    const to = (channel: string, changes = {}) => web.chat.postMessage({ channel, text: 'x', ...changes });
    expect(await to('#alerts')).toMatchObject({ ok: true, channel: 'C0ALERTS', message: { bot_id: 'B0BRIGHT' } });
    expect(await to('U0MIA')).toMatchObject({ ok: true, channel: 'D0BRIGHT0MIA' });
    expect(await refusal(to('C0NOWHERE'))).toBe('channel_not_found');
    expect(await refusal(to('C0SECRET'))).toBe('channel_not_found');
    expect(await refusal(to('C0THEIRS'))).toBe('channel_not_found');
    expect(await refusal(to('U0GONE'))).toBe('channel_not_found');
    expect(await refusal(to('C0OLD'))).toBe('is_archived');
    expect(await refusal(to('C0CLOSED'))).toBe('not_in_channel');
    expect(await refusal(to('C0ALERTS', { text: '' }))).toBe('no_text');
    expect(await refusal(to('C0ALERTS', { text: 'x'.repeat(40_001) }))).toBe('msg_too_long');
    expect(await refusal(to('C0ALERTS', { thread_ts: '1.000001' }))).toBe('thread_not_found');
    expect((await client('xoxb-public').chat.postMessage({ channel: 'C0CLOSED', text: 'x' })).ok).toBe(true);
    const metadata = { event_type: 'x', event_payload: { x: 'x'.repeat(8_000) } };
    expect(await refusal(to('C0ALERTS', { metadata }))).toBe('metadata_too_large');
  });

  it('takes charts where the workspace knows them', async () => {
    const web = await start();
    const blocks = [samples.line] as never;
    expect((await web.chat.postMessage({ channel: 'C0SHARED', text: 'x', blocks })).ok).toBe(true);
    const theirs = client('xoxb-client').chat.postMessage({ channel: 'C0THEIRS', text: 'x', blocks });
    expect(await refusal(theirs)).toBe('invalid_blocks');
  });

  it('updates and deletes what the app posted, and nothing else', async () => {
    const web = await start();
    const { ts = '' } = await web.chat.postMessage({ channel: 'C0ALERTS', text: 'x', blocks: [samples.header] });
    await web.chat.update({ channel: 'C0ALERTS', ts, text: 'y', blocks: [samples.section] });
    expect(slack.messages).toMatchObject([{ text: 'y', blocks: [{ type: 'section' }], edited: true }]);
    // docs.slack.dev, "chat.update": text without blocks takes the blocks away.
    await web.chat.update({ channel: 'C0ALERTS', ts, text: 'z' });
    expect(slack.messages).toMatchObject([{ text: 'z', blocks: [] }]);
    expect(await refusal(web.chat.update({ channel: 'C0ALERTS', ts, text: 'x'.repeat(4_001) }))).toBe('msg_too_long');
    const { ts: mias } = slack.person('T0BRIGHT', 'U0MIA').say('C0ALERTS', 'mine');
    expect(await refusal(web.chat.update({ channel: 'C0ALERTS', ts: mias, text: 'x' }))).toBe('cant_update_message');
    expect(await refusal(web.chat.delete({ channel: 'C0ALERTS', ts: mias }))).toBe('cant_delete_message');
    await web.chat.delete({ channel: 'C0ALERTS', ts });
    expect(await refusal(web.chat.update({ channel: 'C0ALERTS', ts, text: 'x' }))).toBe('message_not_found');
  });

  it('tells one person who is there', async () => {
    const web = await start();
    const to = (user: string) => web.chat.postEphemeral({ channel: 'C0SHARED', user, text: 'x' });
    expect(await to('U0EVE')).toMatchObject({ ok: true, message_ts: expect.stringMatching(/^\d+\.\d{6}$/) });
    expect(await refusal(to('U0TOM'))).toBe('user_not_in_channel');
    expect(slack.ephemerals).toMatchObject([{ visibleTo: 'U0EVE' }]);
  });
});

describe('people and conversations', () => {
  it('opens a DM with somebody of the workspace, once', async () => {
    const web = await start();
    const first = await web.conversations.open({ users: 'U0MIA' });
    expect(await web.conversations.open({ users: 'U0MIA' })).toMatchObject({
      already_open: true,
      channel: first.channel,
    });
    expect(await refusal(web.conversations.open({ users: 'U0GONE' }))).toBe('user_disabled');
    expect(await refusal(web.conversations.open({ users: 'U0EVE' }))).toBe('user_not_found');
    expect(await refusal(web.apiCall('conversations.open'))).toBe('users_list_not_supplied');
    expect(await refusal(client('xoxb-poor').conversations.open({ users: 'U0MIA' }))).toBe('missing_scope');
  });

  it('knows whom the app can meet', async () => {
    const web = await start();
    expect(await web.users.info({ user: 'U0EVE' })).toMatchObject({ user: { team_id: 'T0CLIENT', is_stranger: true } });
    expect((await web.users.info({ user: 'U0MIA' })).user?.profile?.email).toBeUndefined(); // no users:read.email
    expect(await refusal(web.users.info({ user: 'U0FAR' }))).toBe('user_not_visible');
    expect(await refusal(web.users.info({ user: 'U0NOBODY' }))).toBe('user_not_found');
    expect(await web.conversations.info({ channel: 'C0SHARED' })).toMatchObject({
      channel: { is_ext_shared: true, shared_team_ids: ['T0BRIGHT', 'T0CLIENT'], is_member: true },
    });
  });
});

describe('a token', () => {
  it.each([
    ['xoxb-nobodys', 'invalid_auth'],
    ['xoxb-old', 'token_expired'],
    ['xoxb-poor', 'missing_scope'],
  ])('%s is answered %s', async (token, error) => {
    await start();
    expect(await refusal(client(token).chat.postMessage({ channel: 'C0ALERTS', text: 'x' }))).toBe(error);
  });

  it('that lacks a scope is told which, and which it has', async () => {
    await start();
    const call = client('xoxb-poor').chat.postMessage({ channel: 'C0ALERTS', text: 'x' });
    await expect(call).rejects.toMatchObject({ data: { needed: 'chat:write', provided: 'commands' } });
  });

  it('is dead once it is revoked, or the app is gone', async () => {
    const web = await start();
    expect(await web.auth.test()).toMatchObject({ team_id: 'T0BRIGHT', user_id: 'U0BRIGHTBOT' });
    await slack.revokeTokens('T0BRIGHT');
    expect(await refusal(web.auth.test())).toBe('token_revoked');
    const { clientId: client_id, clientSecret: client_secret } = slack.app;
    await client('xoxb-client').apps.uninstall({ client_id, client_secret });
    expect(await refusal(client('xoxb-client').auth.test())).toBe('account_inactive');
    await slack.settled();
    expect(slack.sent.map(({ what }) => what).sort()).toEqual(['app_uninstalled', 'tokens_revoked', 'tokens_revoked']);
  });
});

describe('what is sent wrongly', () => {
  it.each([
    ['an unknown method', 'chat.shout', {}, 'unknown_method'],
    ['an unknown argument', 'chat.postMessage', { channel: 'C0ALERTS', text: 'x', unfurl: true }, 'invalid_arguments'],
    [
      'a boolean that is none',
      'chat.postMessage',
      { channel: 'C0ALERTS', text: 'x', mrkdwn: 'yes' },
      'invalid_arguments',
    ],
    ['a file of no length', 'files.getUploadURLExternal', { filename: 'a.png', length: 0 }, 'missing_argument'],
  ])('%s is refused', async (_what, method, args, error) => {
    const web = await start();
    expect(await refusal(web.apiCall(method, args))).toBe(error);
  });

  it('JSON is read as strictly as a form', async () => {
    await start();
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
    const post = async (args: object) => {
      const body = JSON.stringify({ channel: 'C0ALERTS', text: 'x', ...args });
      return (await fetch(`${slack.apiUrl}chat.postMessage`, { method: 'POST', headers, body })).json();
    };
    expect(await post({ unfurl_links: false })).toMatchObject({ ok: true });
    expect(await post({ unfurl_links: 'false' })).toMatchObject({ error: 'invalid_arguments' });
  });
});

describe('a modal', () => {
  const view = samples.modal;
  const trigger = (viewId?: string) => slack.state.triggers.create('T0BRIGHT', 'U0MIA', { viewId });

  it('is opened by a trigger, once, within 3 seconds, by the workspace that it came from', async () => {
    const web = await start();
    const trigger_id = trigger();
    expect(await refusal(client('xoxb-client').views.open({ trigger_id, view }))).toBe('invalid_trigger_id');
    const { view: opened } = await web.views.open({ trigger_id, view });
    expect(opened).toMatchObject({
      root_view_id: opened?.id,
      previous_view_id: null,
      app_installed_team_id: 'T0BRIGHT',
    });
    expect(await refusal(web.views.open({ trigger_id, view }))).toBe('exchanged_trigger_id');
    const late = trigger();
    await new Promise((over) => setTimeout(over, 3_050));
    expect(await refusal(web.views.open({ trigger_id: late, view }))).toBe('expired_trigger_id');
  });

  it('holds 3 views, is updated by id and hash, and is gone when it is closed', async () => {
    const web = await start();
    const { view: first } = await web.views.open({ trigger_id: trigger(), view });
    const id = first?.id ?? '';
    expect(await refusal(web.views.push({ trigger_id: trigger(), view }))).toBe('view_not_found');
    for (let depth = 2; depth <= 3; depth += 1) await web.views.push({ trigger_id: trigger(id), view });
    expect(await refusal(web.views.push({ trigger_id: trigger(id), view }))).toBe('push_limit_reached');
    const { view: updated } = await web.views.update({ view_id: id, hash: first?.hash, view });
    expect(updated?.hash).not.toBe(first?.hash);
    expect(await refusal(web.views.update({ view_id: id, hash: first?.hash, view }))).toBe('hash_conflict');
    await slack.person('T0BRIGHT', 'U0MIA').close({ all: true });
    expect(await refusal(web.views.update({ view_id: id, view }))).toBe('not_found');
  });

  it('is refused when it is too large, broken, or has the external_id of another', async () => {
    const web = await start();
    const open = (changes: object) => web.views.open({ trigger_id: trigger(), view: { ...view, ...changes } });
    const section = { type: 'section', text: { type: 'plain_text', text: 'x'.repeat(2_900) } };
    expect(await refusal(open({ blocks: Array(100).fill(section) }))).toBe('view_too_large');
    expect(await refusal(open({ title: undefined }))).toBe('invalid_arguments');
    await open({ external_id: 'mine' });
    expect(await refusal(open({ external_id: 'mine' }))).toBe('duplicate_external_id');
    expect((await web.views.update({ external_id: 'mine', view })).ok).toBe(true);
  });

  it('keeps what was typed as long as its inputs keep their names', async () => {
    const web = await start();
    const { view: opened } = await web.views.open({ trigger_id: trigger(), view });
    const mia = slack.person('T0BRIGHT', 'U0MIA');
    await mia.fill({ Text: 'typed', Number: '7' });
    const [text, , number] = view.blocks.slice(1);
    const blocks = [{ ...text }, { ...number, block_id: 'another' }] as never;
    await web.views.update({ view_id: opened?.id ?? '', view: { ...view, blocks } });
    expect(mia.modal?.values).toMatchObject({ Text: { a: { value: 'typed' } }, another: { a: { value: '12.5' } } });
  });
});

describe('a Home tab', () => {
  it('is published for somebody of the workspace, where the app has one', async () => {
    const web = await start();
    const publish = (user_id: string) => web.views.publish({ user_id, view: samples.home });
    const { view } = await publish('U0MIA');
    expect((await publish('U0MIA')).view?.id).toBe(view?.id);
    expect(await refusal(publish('U0EVE'))).toBe('user_not_found');
    await slack.close();
    const without = await start({ app: { manifest: { oauth_config: { scopes: { bot: ['chat:write'] } } } } });
    expect(await refusal(without.views.publish({ user_id: 'U0MIA', view: samples.home }))).toBe('not_enabled');
  });
});

describe('a file', () => {
  it("is uploaded by Slack's client, stands in the channel, and can be an image in a block", async () => {
    const web = await start();
    const file = Buffer.from('89504e470d0a1a0a', 'hex');
    const { files } = (await web.filesUploadV2({
      channel_id: 'C0ALERTS',
      file,
      filename: 'usage.png',
      title: 'Usage',
      alt_text: 'A chart',
      initial_comment: 'This week',
    })) as unknown as { files: { files: { id: string }[] }[] };
    expect(slack.messages).toMatchObject([
      { text: 'This week', files: [{ name: 'usage.png', title: 'Usage', altText: 'A chart' }] },
    ]);
    expect(slack.messages[0]?.files[0]?.bytes).toEqual(file);
    const id = files[0]?.files[0]?.id ?? '';
    const image = (of: string) => [{ type: 'image', alt_text: 'x', slack_file: { id: of } }] as const;
    const post = (of: string) => web.chat.postMessage({ channel: 'C0ALERTS', text: 'x', blocks: [...image(of)] });
    expect((await post(id)).ok).toBe(true);
    expect(await refusal(post('F0NOTHING'))).toBe('invalid_blocks');
    expect(await refusal(web.files.completeUploadExternal({ files: [{ id }] }))).toBe('file_not_found');
  });
});

describe('the rate limit', () => {
  const post = (web: WebClient, channel = 'C0ALERTS') => web.chat.postMessage({ channel, text: 'x' });

  it('lets about one message a second into a channel, and says when to come back', async () => {
    const web = await start({ rateLimits: true });
    for (let count = 0; count < 3; count += 1) await post(web);
    const limited = await post(web).catch((error: WebAPIRateLimitedError) => error);
    expect(limited).toMatchObject({ retryAfter: 1 });
    expect((await post(web, 'C0SHARED')).ok).toBe(true);
    await new Promise((over) => setTimeout(over, 1_000));
    expect((await post(web)).ok).toBe(true);
  });

  it('counts other methods a minute', async () => {
    const web = await start({ rateLimits: true });
    const answers = await Promise.allSettled(
      Array.from({ length: 60 }, () => web.conversations.info({ channel: 'C0ALERTS' })),
    );
    const refused = answers.filter(({ status }) => status === 'rejected').length;
    expect(refused).toBeGreaterThanOrEqual(8);
    expect(refused).toBeLessThanOrEqual(10);
  });

  it('is off unless asked for', async () => {
    const web = await start();
    for (let count = 0; count < 20; count += 1) await post(web);
    expect(slack.messages).toHaveLength(20);
  });
});

describe('a failure', () => {
  const post = (web: WebClient, text = 'x') => web.chat.postMessage({ channel: 'C0ALERTS', text });

  it('is scripted for the next calls, one each', async () => {
    const web = await start();
    slack.script('chat.postMessage', { error: 'internal_error' }, 'ok', { status: 500 }, 'cut', 'done but cut');
    const outcomes = [];
    for (let count = 0; count < 6; count += 1)
      outcomes.push(
        await post(web).then(
          () => 'ok',
          () => 'failed',
        ),
      );
    expect(outcomes).toEqual(['failed', 'ok', 'failed', 'failed', 'failed', 'ok']);
    // "done but cut" did it.
    expect(slack.messages).toHaveLength(3);
    expect(slack.calls.map(({ answer }) => (typeof answer === 'string' ? answer : answer.ok))).toEqual([
      false,
      true,
      'HTTP 500',
      'cut',
      true,
      true,
    ]);
  });

  it('lasts until it is cleared, for the calls that it is for', async () => {
    const web = await start();
    const mend = slack.fail('chat.postMessage', { error: 'fatal_error' }, { when: ({ text }) => text === 'bad' });
    expect(await refusal(post(web, 'bad'))).toBe('fatal_error');
    expect((await post(web, 'good')).ok).toBe(true);
    mend();
    expect((await post(web, 'bad')).ok).toBe(true);
    slack.fail('chat.postMessage', { error: 'fatal_error' }, { times: 1 });
    expect(await refusal(post(web))).toBe('fatal_error');
    expect((await post(web)).ok).toBe(true);
  });

  it('can be that Slack takes its time', async () => {
    const web = await start();
    slack.script('auth.test', { delayMs: 200 });
    await web.auth.test();
    expect(slack.calls[0]?.milliseconds).toBeGreaterThanOrEqual(195);
  });
});

describe('a response_url', () => {
  const answer = (url: string, body: object) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

  it('takes 5 answers within half an hour', async () => {
    await start();
    const url = slack.responseUrl({ teamId: 'T0BRIGHT', userId: 'U0MIA', channelId: 'C0ALERTS' });
    for (let use = 0; use < 5; use += 1) expect((await answer(url, { text: `${use}` })).status).toBe(200);
    const sixth = await answer(url, { text: 'x' });
    expect([sixth.status, await sixth.text()]).toEqual([404, 'used_url']);
    expect(slack.person('T0BRIGHT', 'U0MIA').sees('C0ALERTS')).toHaveLength(5);
    expect(slack.person('T0BRIGHT', 'U0TOM').sees('C0ALERTS')).toEqual([]);
  });

  it('refuses what a message may not be', async () => {
    await start();
    const url = slack.responseUrl({ teamId: 'T0BRIGHT', userId: 'U0MIA', channelId: 'C0ALERTS' });
    for (const body of [{ text: '' }, { text: 'x', blocks: [{ type: 'section' }] }, { text: 'x', colour: 'red' }])
      expect((await answer(url, body)).status).toBe(400);
  });
});
