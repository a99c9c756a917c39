import type { AlertChannel, AlertNotice, AlertRoute, PostedMessage } from '@talktime/core/alerts';
import { createConsoleAlertChannel, createSlackAlertChannel } from '../../bot/alert-channel';
import { startFakeSlack, type FakeSlack } from '../../server/demo/slack';
import { singleWorkspace } from '../../bot/ports';
import { delivery, entry, keepingLogger, notice } from './samples';

const TOKEN = 'xoxb-test-token';
const route: AlertRoute = { kind: 'slack', teamId: 'T0BRIGHT', channel: 'C0ALERTS' };
const to = (channel: string): AlertRoute => ({ ...route, channel });

function send(alerts: AlertChannel, alert: AlertNotice, where = route, previous: PostedMessage | null = null) {
  return alerts.deliver(delivery(alert, { route: where, previous }));
}

/** The message as it was posted, and its episode having got worse. */
async function worsened(alerts: AlertChannel, broadcast = true) {
  const first = await send(alerts, notice('low', '98'));
  const message = first.kind === 'delivered' ? first.message : null;
  const later = delivery(notice('exhausted', '-2'), {
    previous: message,
    thread: { entries: [entry('exhausted', '-2')], broadcast },
  });
  return { message, later };
}

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

function channel({ token = TOKEN, ...changes }: { token?: string; timeoutMs?: number; apiUrl?: string } = {}) {
  const installations = singleWorkspace(token);
  return createSlackAlertChannel({ installations, apiUrl: slack.apiUrl, logger: keepingLogger(), ...changes });
}

describe('an alert to Slack', () => {
  it('is posted once, without unfurling, mentions or amounts in its metadata', async () => {
    const outcome = await send(channel(), notice('low', '98'));
    expect(outcome).toEqual({ kind: 'delivered', message: { channel: 'C0ALERTS', ts: slack.messages[0]?.ts } });
    expect(slack.calls).toHaveLength(1);
    expect(slack.calls[0]).toMatchObject({
      method: 'chat.postMessage',
      args: { channel: 'C0ALERTS', unfurl_links: 'false', unfurl_media: 'false', link_names: 'false', parse: 'none' },
    });
    expect(slack.messages[0]?.metadata).toEqual({
      event_type: 'talktime_alert',
      event_payload: {
        message_id: 'msg_1',
        partner_id: 'par_bright',
        wallet: 'customer',
        episode: 3,
        customer_id: 'cus_acme',
      },
    });
  });

  it('is updated in place when the balance recovers: one message an episode', async () => {
    const alerts = channel();
    const first = await send(alerts, notice('low', '98'));
    const message = first.kind === 'delivered' ? first.message : null;
    expect(await send(alerts, notice('recovered', '1098'), route, message)).toEqual({ kind: 'delivered', message });
    expect(slack.messages).toHaveLength(1);
    expect(slack.messages[0]).toMatchObject({ edited: true });
    expect(slack.messages[0]?.text).toContain('recovered');
  });

  it('that gets worse is updated, and its thread says so in the channel, since an update notifies nobody', async () => {
    const alerts = channel();
    const { message, later } = await worsened(alerts);
    await alerts.deliver(later);
    expect(slack.messages.map(({ thread_ts, edited }) => ({ thread_ts, edited }))).toEqual([
      { thread_ts: null, edited: true },
      { thread_ts: message?.ts, edited: false },
    ]);
    expect(slack.calls.at(-1)?.args).toMatchObject({ reply_broadcast: 'true' });
    expect(JSON.stringify(slack.messages[1]?.blocks)).toContain('-2 credits');
  });

  it('says in its thread alone what is no bad news', async () => {
    const alerts = channel();
    const { later } = await worsened(alerts, false);
    await alerts.deliver(later);
    expect(slack.calls.at(-1)?.args).not.toHaveProperty('reply_broadcast');
  });

  it('counts as delivered when a workspace forbids threads', async () => {
    const alerts = channel();
    const { message, later } = await worsened(alerts);
    slack.script('chat.postMessage', { error: 'restricted_action_non_threadable_channel' });
    expect(await alerts.deliver(later)).toEqual({ kind: 'delivered', message });
  });

  it('is tried again, whole, when its thread could not be reached; whether that was posted is not known', async () => {
    const alerts = channel();
    const { message, later } = await worsened(alerts);
    slack.script('chat.postMessage', { status: 503 });
    expect(await alerts.deliver(later)).toMatchObject({ kind: 'retry', perhapsPosted: true });
    expect(await alerts.deliver({ ...later, doubtful: true })).toEqual({ kind: 'delivered', message });
    expect(slack.messages).toHaveLength(2);
    expect(JSON.stringify(slack.messages[1]?.blocks)).toContain('may be here twice');
  });

  it.each(['message_not_found', 'cant_update_message', 'edit_window_closed'])('is gone on %s', async (error) => {
    slack.script('chat.update', { error });
    const previous = { channel: 'C0ALERTS', ts: '1.000001' };
    expect(await send(channel(), notice('recovered', '1098'), route, previous)).toEqual({
      kind: 'gone',
      reason: `Slack answered ${error}.`,
    });
    expect(slack.messages).toHaveLength(0);
  });

  it('carries buttons with opaque ids, and none once it is over', async () => {
    const alerts = channel();
    await send(alerts, notice('low', '98'));
    await send(alerts, notice('recovered', '1098'));
    const actions = slack.messages.map(({ blocks }) =>
      (blocks as { type: string; elements: { action_id: string; value: string }[] }[])
        .filter(({ type }) => type === 'actions')
        .flatMap(({ elements }) => elements.map(({ action_id, value }) => [action_id, value])),
    );
    expect(actions).toEqual([
      [
        ['talktime_topup', '7.3'],
        ['talktime_acknowledge', '7.3'],
        ['talktime_snooze', '7.3'],
        ['talktime_settings', '7.3'],
      ],
      [],
    ]);
  });

  it('goes to a workspace of its own where there are several, by its token', async () => {
    const asked: unknown[] = [];
    const alerts = createSlackAlertChannel({
      installations: (workspace) => {
        asked.push(workspace);
        return Promise.resolve(workspace.teamId === 'T0BRIGHT' ? { botToken: TOKEN } : null);
      },
      apiUrl: slack.apiUrl,
      logger: keepingLogger(),
    });
    expect(await send(alerts, notice('low', '98'))).toMatchObject({ kind: 'delivered' });
    expect(
      await send(alerts, notice('low', '98'), { kind: 'slack', teamId: 'E0ORG', channel: 'C0ALERTS' }),
    ).toMatchObject({
      kind: 'dead',
      routeIsDead: true,
      reason: expect.stringContaining('not installed in the Slack workspace E0ORG'),
    });
    expect(asked).toEqual([
      { teamId: 'T0BRIGHT', enterpriseId: null },
      { teamId: null, enterpriseId: 'E0ORG' },
    ]);
  });
});

describe("an alert to a customer's channel", () => {
  const shown = async (showsPricing: boolean) => {
    const alerts = channel();
    const changes = { showsPricing, acknowledged: { by: 'slack:T0BRIGHT/U0ANNA', at: new Date() } };
    const first = await alerts.deliver(delivery(notice('low', '98', changes), { audience: 'customer' }));
    await alerts.deliver(
      delivery(notice('exhausted', '-2', changes), {
        audience: 'customer',
        previous: first.kind === 'delivered' ? first.message : null,
        thread: { entries: [entry('exhausted', '-2')], broadcast: true },
      }),
    );
    return JSON.stringify(slack.messages.map(({ text, blocks, metadata }) => ({ text, blocks, metadata })));
  };

  it('says nothing of rates, balances, minutes and money when pricing is hidden (money-rules 21)', async () => {
    const all = await shown(false);
    expect(all).toContain('credits have run out');
    expect(all).not.toMatch(/\d credits|-2|98|0\.\d\d|\$|min of calls|100/);
  });

  it('says the balance when pricing is shown; never who did what about it, nor a button', async () => {
    const all = await shown(true);
    expect(all).toContain('-2 credits');
    expect(all).not.toMatch(/U0ANNA|Acknowledge|actions|par_bright/);
  });
});

describe('a delivery that fails', () => {
  it('by 429 comes back with Retry-After and does not wait inside', async () => {
    slack.script('chat.postMessage', { status: 429, headers: { 'retry-after': '30' } });
    expect(await send(channel(), notice('low', '98'))).toMatchObject({
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
  ] as const)('by %s is worth another attempt, made by the outbox', async (what, failure) => {
    slack.script('chat.postMessage', failure);
    const outcome = await send(channel(), notice('low', '98'));
    expect(outcome.kind).toBe('retry');
    // What Slack refuses with an answer was not posted.
    const isKnown = what === 'a 429 without Retry-After' || what === 'an error we do not know';
    expect(outcome).toMatchObject(isKnown ? {} : { perhapsPosted: true });
    if (isKnown) expect(outcome).not.toHaveProperty('perhapsPosted');
    expect(JSON.stringify(outcome)).not.toContain('<html>');
    expect(slack.calls).toHaveLength(1);
  });

  it('by silence ends at the time-out', async () => {
    slack.script('chat.postMessage', 'hang');
    expect(await send(channel({ timeoutMs: 150 }), notice('low', '98'))).toMatchObject({
      kind: 'retry',
    });
  });

  it('because nothing listens is worth another attempt', async () => {
    const { apiUrl } = slack;
    await slack.close();
    const outcome = await send(channel({ apiUrl }), notice('low', '98'));
    expect(outcome).toMatchObject({ kind: 'retry' });
    expect(outcome).not.toHaveProperty('perhapsPosted');
    slack = await startFakeSlack({ workspaces: [] });
  });

  it.each([
    ['the token is wrong', { token: 'xoxb-wrong' }, route, 'Install the app'],
    ['the channel is unknown', {}, to('C0NOWHERE'), 'Check its id'],
    ['the channel is archived', {}, to('C0OLD'), 'Unarchive it'],
    ['the app is not in the channel', {}, to('C0CLOSED'), '/invite @Talktime'],
  ])('because %s is dead, and says what to do', async (_what, changes, where, says) => {
    const outcome = await send(channel(changes), notice('low', '98'), where);
    expect(outcome).toMatchObject({ kind: 'dead', routeIsDead: true, reason: expect.stringContaining(says) });
  });

  it.each([
    ['token_revoked', true],
    ['token_expired', true],
    ['account_inactive', true],
    ['not_authed', true],
    ['missing_scope', true],
    ['restricted_action', true],
    ['invalid_blocks', false],
    ['msg_blocks_too_long', false],
  ])('by %s is dead with a reason that names it; the route with it: %s', async (error, routeIsDead) => {
    slack.script('chat.postMessage', { error });
    const outcome = await send(channel(), notice('low', '98'));
    expect(outcome).toMatchObject({ kind: 'dead', routeIsDead, reason: expect.stringContaining(error) });
  });

  it('because no channel is set is dead, and asks Slack nothing', async () => {
    expect(await send(channel(), notice('low', '98'), { kind: 'none' })).toMatchObject({
      kind: 'dead',
      reason: expect.stringContaining('slack_channel'),
    });
    expect(slack.calls).toEqual([]);
  });

  it('never carries the token, in its outcome or in the log', async () => {
    const logger = keepingLogger();
    const alerts = createSlackAlertChannel({ installations: singleWorkspace(TOKEN), apiUrl: slack.apiUrl, logger });
    const outcomes = [];
    for (const failure of [
      'cut',
      { status: 500 },
      { error: 'invalid_auth' },
      { status: 429, headers: { 'retry-after': '1' } },
    ] as const) {
      slack.script('chat.postMessage', failure);
      outcomes.push(await send(alerts, notice('low', '98')));
    }
    expect(JSON.stringify([outcomes, logger.lines])).not.toContain(TOKEN);
    expect(JSON.stringify(logger.lines)).not.toContain('Acme');
  });
});

describe('an alert to the console', () => {
  it('is drawn, and drawn again as an update of the same message', async () => {
    const drawings: string[] = [];
    const alerts = createConsoleAlertChannel({ write: (drawing) => drawings.push(drawing) });
    const first = await send(alerts, notice('low', '98'));
    const message = first.kind === 'delivered' ? first.message : null;
    expect(message?.ts).toMatch(/^\d{10}\.\d{6}$/);
    expect(await send(alerts, notice('recovered', '1098'), route, message)).toEqual({ kind: 'delivered', message });
    expect(drawings[0]).toContain('Low on credits');
    expect(drawings[0]).not.toContain('(edited)');
    expect(drawings[1]).toContain('(edited)');
  });

  it('needs no channel to be set', async () => {
    const alerts = createConsoleAlertChannel({ write: () => undefined, colour: true });
    expect(await send(alerts, notice('low', '98'), { kind: 'none' })).toMatchObject({ kind: 'delivered' });
  });
});
