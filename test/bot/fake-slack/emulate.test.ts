import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { alertMessage } from '../../../bot/messages';
import { createSlackAlertChannel } from '../../../bot/alert-channel';
import { singleWorkspace } from '../../../bot/ports';
import { startFakeSlack, type FakeSlack } from '../../../server/demo/slack';
import { delivery, entry, keepingLogger, notice } from '../samples';

/**
 * Our fake is not the only witness: what it answers is held against emulate's Slack wherever both answer. (emulate checks
 * no blocks, takes any token, and says message_not_found for an update in an unknown channel, where Slack documents
 * channel_not_found: for those Slack's documentation alone stands behind the fake.)
 */
const TOKEN = 'xoxb-test-token';
const CHANNEL = 'C000000001';
const { blocks } = alertMessage(notice('low', '98'));

let fake: FakeSlack;
let emulator: ChildProcess;
let emulateUrl: string;

beforeAll(async () => {
  fake = await startFakeSlack({ workspaces: [{ id: 'T000000001', tokens: [TOKEN], channels: [{ id: CHANNEL }] }] });
  emulator = spawn(process.execPath, [join(__dirname, 'emulate-child.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(emulator.stdout ?? emulator, 'data')) as [Buffer];
  emulateUrl = line.toString().trim();
});
afterAll(async () => {
  emulator.stdin?.end();
  await Promise.all([once(emulator, 'exit'), fake.close()]);
});

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

describe('the fake Slack and emulate', () => {
  it.each([
    ['no token', 'chat.postMessage', { channel: CHANNEL, text: 'x' }, null],
    ['a channel that is not there', 'chat.postMessage', { channel: 'C0NOWHERE', text: 'x' }, TOKEN],
    ['no channel', 'chat.postMessage', { text: 'x' }, TOKEN],
    ['no text', 'chat.postMessage', { channel: CHANNEL }, TOKEN],
    ['an update of nothing', 'chat.update', { channel: CHANNEL, ts: '1.000001', text: 'x' }, TOKEN],
  ])('refuse %s alike', async (_what, method, args, token) => {
    const ours = await call(fake.apiUrl, method, args, token);
    const theirs = await call(emulateUrl, method, args, token);
    expect(ours).toEqual({ ok: false, error: theirs.error });
  });

  it('answer a post and its update alike', async () => {
    const shapes = [];
    for (const apiUrl of [fake.apiUrl, emulateUrl]) {
      const posted = await call(apiUrl, 'chat.postMessage', { channel: CHANNEL, text: 'x', blocks });
      expect(posted).toMatchObject({ ok: true, channel: CHANNEL, ts: expect.stringMatching(/^\d{10}\.\d{6}$/) });
      const updated = await call(apiUrl, 'chat.update', { channel: CHANNEL, ts: posted.ts, text: 'y', blocks });
      expect(updated).toMatchObject({ ok: true, channel: CHANNEL, ts: posted.ts, text: 'y' });
      shapes.push({ posted: (posted.message as Answer).blocks, text: (posted.message as Answer).text });
    }
    // Slack names blocks that came without a block_id, and emulate does not.
    const named = (shapes[0]?.posted as Answer[]).map(({ block_id, ...block }) => [typeof block_id, block]);
    expect(named).toEqual((shapes[1]?.posted as Answer[]).map((block) => ['string', block]));
    expect(shapes[0]?.text).toBe(shapes[1]?.text);
  });

  it('take the same alert through an episode', async () => {
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
