import type { SlackRoute } from '@talktime/core/alerts';
import { createConsoleAlertChannel, createSlackAlertChannel } from '../../bot/alert-channel';
import { startFakeSlack, type FakeSlack } from '../../server/demo/slack';
import { keepingLogger, notice } from './samples';

const TOKEN = 'xoxb-test-token';
const route: SlackRoute = { kind: 'slack', teamId: 'T0BRIGHT', channel: 'C0ALERTS' };
const to = (channel: string): SlackRoute => ({ ...route, channel });

let slack: FakeSlack;
beforeEach(async () => {
  const channels = [
    { id: 'C0ALERTS' },
    { id: 'C0OTHER' },
    { id: 'C0OLD', archived: true },
    { id: 'C0CLOSED', app: false },
  ];
  slack = await startFakeSlack({ workspaces: [{ id: 'T0BRIGHT', tokens: [TOKEN], channels }] });
});
afterEach(() => slack.close());

function channel(changes: { token?: string; timeoutMs?: number; apiUrl?: string } = {}) {
  return createSlackAlertChannel({ token: TOKEN, apiUrl: slack.apiUrl, logger: keepingLogger(), ...changes });
}

describe('an alert to Slack', () => {
  it('is posted once, without unfurling, mentions or amounts in its metadata', async () => {
    const outcome = await channel().deliver(notice('low', '98'), route, null);
    expect(outcome).toEqual({ kind: 'delivered', message: { channel: 'C0ALERTS', ts: slack.messages[0]?.ts } });
    expect(slack.calls).toHaveLength(1);
    expect(slack.calls[0]).toMatchObject({
      method: 'chat.postMessage',
      args: { channel: 'C0ALERTS', unfurl_links: 'false', unfurl_media: 'false', link_names: 'false', parse: 'none' },
    });
    expect(slack.messages[0]?.metadata).toEqual({
      event_type: 'talktime_alert',
      event_payload: { partner_id: 'par_bright', wallet: 'customer', customer_id: 'cus_acme' },
    });
  });

  it('is updated in place when the balance recovers: one message an episode', async () => {
    const alerts = channel();
    const first = await alerts.deliver(notice('low', '98'), route, null);
    const message = first.kind === 'delivered' ? first.message : null;
    expect(await alerts.deliver(notice('recovered', '1098'), route, message)).toEqual({ kind: 'delivered', message });
    expect(slack.messages).toHaveLength(1);
    expect(slack.messages[0]).toMatchObject({ edited: true });
    expect(slack.messages[0]?.text).toContain('recovered');
  });

  it('that gets worse is updated, and its thread says so in the channel, since an update notifies nobody', async () => {
    const alerts = channel();
    const first = await alerts.deliver(notice('low', '98'), route, null);
    const message = first.kind === 'delivered' ? first.message : null;
    await alerts.deliver(notice('exhausted', '-2'), route, message);
    expect(slack.messages.map(({ thread_ts, edited }) => ({ thread_ts, edited }))).toEqual([
      { thread_ts: null, edited: true },
      { thread_ts: message?.ts, edited: false },
    ]);
    expect(slack.calls.at(-1)?.args).toMatchObject({ reply_broadcast: 'true' });
  });

  it('counts as delivered when a workspace forbids threads', async () => {
    const alerts = channel();
    const first = await alerts.deliver(notice('low', '98'), route, null);
    const message = first.kind === 'delivered' ? first.message : null;
    slack.script('chat.postMessage', { error: 'restricted_action_non_threadable_channel' });
    expect(await alerts.deliver(notice('exhausted', '-2'), route, message)).toEqual({ kind: 'delivered', message });
  });

  it('is tried again, whole, when its thread could not be reached', async () => {
    const alerts = channel();
    const first = await alerts.deliver(notice('low', '98'), route, null);
    const message = first.kind === 'delivered' ? first.message : null;
    slack.script('chat.postMessage', { status: 503 });
    expect(await alerts.deliver(notice('exhausted', '-2'), route, message)).toMatchObject({ kind: 'retry' });
    expect(await alerts.deliver(notice('exhausted', '-2'), route, message)).toEqual({ kind: 'delivered', message });
    expect(slack.messages).toHaveLength(2);
  });

  it.each(['message_not_found', 'cant_update_message', 'edit_window_closed'])('is posted anew on %s', async (error) => {
    slack.script('chat.update', { error });
    const outcome = await channel().deliver(notice('recovered', '1098'), route, {
      channel: 'C0ALERTS',
      ts: '1.000001',
    });
    expect(outcome).toEqual({ kind: 'delivered', message: { channel: 'C0ALERTS', ts: slack.messages[0]?.ts } });
  });

  it('is posted anew when the partner chose another channel meanwhile', async () => {
    const outcome = await channel().deliver(notice('low', '98'), to('C0OTHER'), {
      channel: 'C0ALERTS',
      ts: '1.000001',
    });
    expect(outcome).toMatchObject({ kind: 'delivered', message: { channel: 'C0OTHER' } });
    expect(slack.calls.map(({ method }) => method)).toEqual(['chat.postMessage']);
  });
});

describe('a delivery that fails', () => {
  it('by 429 comes back with Retry-After and does not wait inside', async () => {
    slack.script('chat.postMessage', { status: 429, headers: { 'retry-after': '30' } });
    expect(await channel().deliver(notice('low', '98'), route, null)).toMatchObject({
      kind: 'retry',
      retryAfterSeconds: 30,
    });
    expect(slack.calls).toHaveLength(1);
  });

  it.each([
    ['a 429 without Retry-After', { status: 429 }],
    ['a 500', { status: 500 }],
    ['a 503', { status: 503, body: 'upstream' }],
    ['a page that is not JSON', { status: 200, body: '<html>busy</html>' }],
    ['a cut connection', 'cut'],
    ['an answer that was lost', 'done but cut'],
    ['internal_error', { error: 'internal_error' }],
    ['an error we do not know', { error: 'something_new' }],
  ] as const)('by %s is worth another attempt, made by the outbox', async (_what, failure) => {
    slack.script('chat.postMessage', failure);
    const outcome = await channel().deliver(notice('low', '98'), route, null);
    expect(outcome.kind).toBe('retry');
    expect(JSON.stringify(outcome)).not.toContain('<html>');
    expect(slack.calls).toHaveLength(1);
  });

  it('by silence ends at the time-out', async () => {
    slack.script('chat.postMessage', 'hang');
    expect(await channel({ timeoutMs: 150 }).deliver(notice('low', '98'), route, null)).toMatchObject({
      kind: 'retry',
    });
  });

  it('because nothing listens is worth another attempt', async () => {
    const { apiUrl } = slack;
    await slack.close();
    expect(await channel({ apiUrl }).deliver(notice('low', '98'), route, null)).toMatchObject({ kind: 'retry' });
    slack = await startFakeSlack({ workspaces: [] });
  });

  it.each([
    ['the token is wrong', { token: 'xoxb-wrong' }, route, 'Install the app'],
    ['the channel is unknown', {}, to('C0NOWHERE'), 'Check its id'],
    ['the channel is archived', {}, to('C0OLD'), 'Unarchive it'],
    ['the app is not in the channel', {}, to('C0CLOSED'), '/invite @Talktime'],
  ])('because %s is dead, and says what to do', async (_what, changes, where, says) => {
    const outcome = await channel(changes).deliver(notice('low', '98'), where, null);
    expect(outcome).toMatchObject({ kind: 'dead', reason: expect.stringContaining(says) });
  });

  it.each([
    'token_revoked',
    'token_expired',
    'account_inactive',
    'not_authed',
    'missing_scope',
    'restricted_action',
    'invalid_blocks',
    'msg_blocks_too_long',
  ])('by %s is dead with a reason that names it', async (error) => {
    slack.script('chat.postMessage', { error });
    const outcome = await channel().deliver(notice('low', '98'), route, null);
    expect(outcome).toMatchObject({ kind: 'dead', reason: expect.stringContaining(error) });
  });

  it('because no channel is set is dead, and asks Slack nothing', async () => {
    expect(await channel().deliver(notice('low', '98'), null, null)).toMatchObject({
      kind: 'dead',
      reason: expect.stringContaining('slack_channel'),
    });
    expect(slack.calls).toEqual([]);
  });

  it('never carries the token, in its outcome or in the log', async () => {
    const logger = keepingLogger();
    const alerts = createSlackAlertChannel({ token: TOKEN, apiUrl: slack.apiUrl, logger });
    const outcomes = [];
    for (const failure of [
      'cut',
      { status: 500 },
      { error: 'invalid_auth' },
      { status: 429, headers: { 'retry-after': '1' } },
    ] as const) {
      slack.script('chat.postMessage', failure);
      outcomes.push(await alerts.deliver(notice('low', '98'), route, null));
    }
    expect(JSON.stringify([outcomes, logger.lines])).not.toContain(TOKEN);
    expect(JSON.stringify(logger.lines)).not.toContain('Acme');
  });
});

describe('an alert to the console', () => {
  it('is drawn, and drawn again as an update of the same message', async () => {
    const drawings: string[] = [];
    const alerts = createConsoleAlertChannel({ write: (drawing) => drawings.push(drawing) });
    const first = await alerts.deliver(notice('low', '98'), route, null);
    const message = first.kind === 'delivered' ? first.message : null;
    expect(message?.ts).toMatch(/^\d{10}\.\d{6}$/);
    expect(await alerts.deliver(notice('recovered', '1098'), route, message)).toEqual({ kind: 'delivered', message });
    expect(drawings[0]).toContain('Low on credits');
    expect(drawings[0]).not.toContain('(edited)');
    expect(drawings[1]).toContain('(edited)');
  });

  it('needs no channel to be set', async () => {
    const alerts = createConsoleAlertChannel({ write: () => undefined, colour: true });
    expect(await alerts.deliver(notice('low', '98'), null, null)).toMatchObject({ kind: 'delivered' });
  });
});
