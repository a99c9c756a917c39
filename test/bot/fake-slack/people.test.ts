import type { App, SlashCommand } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import { startFakeSlack, type FakeSlack, type Person } from '../../../server/demo/slack';
import { startBoltApp } from './bolt-app';

const TOKENS = { T0BRIGHT: 'xoxb-bright' };

let slack: FakeSlack;
let app: App;
let mia: Person;
let tom: Person;
let close: () => Promise<void>;
beforeEach(async () => {
  slack = await startFakeSlack({
    workspaces: [
      {
        id: 'T0BRIGHT',
        tokens: [TOKENS.T0BRIGHT],
        users: [{ id: 'U0MIA' }, { id: 'U0TOM' }],
        channels: [
          { id: 'C0ALERTS', name: 'alerts', sharedWith: ['T0CLIENT'], members: ['U0MIA', 'U0TOM', 'U0EVE'] },
          { id: 'C0BOSS', name: 'boss', private: true, members: ['U0MIA'] },
        ],
      },
      { id: 'T0CLIENT', users: [{ id: 'U0EVE' }] },
    ],
  });
  ({ app, close } = await startBoltApp(slack, TOKENS));
  mia = slack.person('T0BRIGHT', 'U0MIA');
  tom = slack.person('T0BRIGHT', 'U0TOM');
});
afterEach(async () => {
  await close();
  await slack.close();
});

const modal = (changes: Partial<ModalView> = {}): ModalView => ({
  type: 'modal',
  callback_id: 'top_up',
  title: { type: 'plain_text', text: 'Top up' },
  submit: { type: 'plain_text', text: 'Add' },
  blocks: [
    {
      type: 'input',
      block_id: 'customer',
      label: { type: 'plain_text', text: 'Customer' },
      element: { type: 'external_select', action_id: 'customer', min_query_length: 1 },
    },
    {
      type: 'input',
      block_id: 'amount',
      label: { type: 'plain_text', text: 'Amount' },
      element: {
        type: 'number_input',
        action_id: 'amount',
        is_decimal_allowed: false,
        min_value: '1',
        max_value: '500',
      },
    },
    {
      type: 'input',
      block_id: 'note',
      optional: true,
      label: { type: 'plain_text', text: 'Note' },
      element: { type: 'plain_text_input', action_id: 'note', max_length: 10 },
    },
  ],
  ...changes,
});
const said = (text: string): ModalView => ({
  type: 'modal',
  title: { type: 'plain_text', text: 'Said' },
  blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }],
});

describe('a command', () => {
  it('arrives as Slack sends it, and its answer is seen by nobody else', async () => {
    let heard: SlashCommand | undefined;
    app.command('/credits', async ({ command, ack, respond }) => {
      await ack();
      heard = command;
      await respond({ text: 'Only for you', response_type: 'ephemeral' });
    });
    const sent = await mia.command('/credits topup <Acme> & @tom #alerts', { channel: '#alerts' });
    expect(sent).toMatchObject({ status: 200, problem: null, what: 'slash_command' });
    expect(heard).toMatchObject({
      command: '/credits',
      text: 'topup &lt;Acme&gt; &amp; <@U0TOM|tom> <#C0ALERTS|alerts>',
      team_id: 'T0BRIGHT',
      user_id: 'U0MIA',
      channel_id: 'C0ALERTS',
    });
    expect((await mia.until(() => mia.lastIn('C0ALERTS'))).text).toBe('Only for you');
    expect(tom.sees('C0ALERTS')).toEqual([]);
  });

  it('can be answered in the acknowledgement', async () => {
    app.command('/credits', ({ ack }) => ack({ response_type: 'in_channel', text: 'For all' }));
    await mia.command('/credits', { channel: 'C0ALERTS' });
    expect(tom.lastIn('#alerts').text).toBe('For all');
  });

  it('that is not acknowledged within 3 seconds shows an error', async () => {
    app.command('/credits', async () => {
      await new Promise((over) => setTimeout(over, 3_500).unref());
    });
    const sent = await mia.command('/credits', { channel: 'C0ALERTS' });
    expect(sent).toMatchObject({ problem: 'operation_timeout', status: 0 });
    expect(sent.milliseconds).toBeGreaterThanOrEqual(2_990);
  });

  it('is not for channels that somebody is not in', async () => {
    await expect(tom.command('/credits', { channel: '#boss' })).rejects.toThrow('U0TOM is not in #boss');
  });
});

describe('a modal', () => {
  beforeEach(() => {
    app.command('/credits', async ({ command, ack, client }) => {
      await ack();
      await client.views.open({ trigger_id: command.trigger_id, view: modal() });
    });
    app.options('customer', ({ payload, ack }) => {
      const names = ['Acme Dental', 'Acme Spa', 'Zen Spa'].filter((name) => name.includes(payload.value));
      return ack({ options: names.map((name) => ({ text: { type: 'plain_text', text: name }, value: `id ${name}` })) });
    });
  });

  it('is filled in and submitted with what was typed, and closes', async () => {
    let values: unknown;
    app.view('top_up', async ({ view, ack }) => {
      values = view.state.values;
      await ack();
    });
    await mia.command('/credits topup', { channel: 'C0ALERTS' });
    expect(tom.modal).toBeNull();
    await mia.fill({ Customer: 'Zen', Amount: '100' });
    expect(await mia.submit()).toMatchObject({ errors: {}, sent: { status: 200 } });
    expect(mia.modal).toBeNull();
    expect(values).toEqual({
      customer: {
        customer: {
          type: 'external_select',
          selected_option: { text: { type: 'plain_text', text: 'Zen Spa' }, value: 'id Zen Spa' },
        },
      },
      amount: { amount: { type: 'number_input', value: '100' } },
      note: { note: { type: 'plain_text_input', value: null } },
    });
  });

  it('is held back by Slack until its inputs are as they ask', async () => {
    await mia.command('/credits topup', { channel: 'C0ALERTS' });
    expect(await mia.submit()).toEqual({
      sent: null,
      errors: {
        Customer: 'Please complete this required field.',
        Amount: 'Please complete this required field.',
      },
    });
    await mia.fill({ Customer: 'Zen', Amount: '501', Note: 'far too long' });
    expect(await mia.submit()).toMatchObject({
      sent: null,
      errors: { Amount: 'Must be 500 or less.', Note: 'Must be at most 10 characters.' },
    });
    await mia.fill({ Amount: '1.5' });
    expect((await mia.submit()).errors.Amount).toBe('Please enter a whole number.');
    expect(slack.sent.some(({ what }) => what === 'view_submission')).toBe(false);
  });

  it('says which options there are when none or several fit', async () => {
    await mia.command('/credits topup', { channel: 'C0ALERTS' });
    expect(await mia.suggestions('Customer', 'Acme')).toEqual(['Acme Dental', 'Acme Spa']);
    await expect(mia.fill({ Customer: 'Acme' })).rejects.toThrow('More than one option of "Customer" is "Acme"');
    await expect(mia.fill({ Customer: 'Nobody' })).rejects.toThrow('There: none');
    await expect(mia.fill({ Price: '1' })).rejects.toThrow('There: "Customer" (customer), "Amount" (amount)');
  });

  it('shows the errors of the app, and takes another view in its place, on top, or none', async () => {
    const answers = [
      { response_action: 'errors', errors: { amount: 'Above your cap' } },
      { response_action: 'push', view: modal({ callback_id: 'confirm', blocks: said('Sure?').blocks }) },
      { response_action: 'update', view: said('Done') },
    ] as const;
    let submissions = 0;
    app.view(/top_up|confirm/, ({ ack }) => ack(answers[submissions++]));
    await mia.command('/credits topup', { channel: 'C0ALERTS' });
    await mia.fill({ Customer: 'Zen', Amount: '100' });
    expect((await mia.submit()).errors).toEqual({ Amount: 'Above your cap' });
    expect((await mia.submit()).errors).toEqual({});
    expect(mia.modal?.content.callback_id).toBe('confirm');
    expect(mia.modal?.previousId).toBe(mia.modal?.rootId);
    await mia.submit();
    expect(JSON.stringify(mia.modal?.content.blocks)).toContain('Done');
    await mia.close();
    expect(mia.modal?.content.callback_id).toBe('top_up');
  });

  it('tells of an acknowledgement that Slack cannot use', async () => {
    app.view('top_up', ({ ack }) => ack({ response_action: 'errors', errors: { price: 'Too high' } }));
    await mia.command('/credits topup', { channel: 'C0ALERTS' });
    await mia.fill({ Customer: 'Zen', Amount: '100' });
    expect((await mia.submit()).sent?.problem).toContain('no input block price');
    expect(mia.modal).not.toBeNull();
  });

  it('is submitted twice by a double click', async () => {
    const triggers: string[] = [];
    app.view('top_up', async ({ ack, body }) => {
      if ('trigger_id' in body) triggers.push(body.trigger_id);
      await ack();
    });
    await mia.command('/credits topup', { channel: 'C0ALERTS' });
    await mia.fill({ Customer: 'Zen', Amount: '100' });
    await mia.submit({ twice: true });
    expect(new Set(triggers).size).toBe(2);
    await slack.resendLast();
    expect(triggers).toHaveLength(3);
    expect(new Set(triggers).size).toBe(2);
  });

  it('tells the app that it was closed when it asked to be told', async () => {
    const closed: string[] = [];
    app.view({ callback_id: 'watched', type: 'view_closed' }, async ({ ack, view }) => {
      closed.push(view.id);
      await ack();
    });
    app.command('/watched', async ({ command, ack, client }) => {
      await ack();
      await client.views.open({
        trigger_id: command.trigger_id,
        view: modal({ callback_id: 'watched', notify_on_close: true }),
      });
    });
    await mia.command('/watched', { channel: 'C0ALERTS' });
    const { id } = await mia.until(() => mia.modal);
    await mia.close();
    expect(closed).toEqual([id]);
  });
});

describe('a message', () => {
  const post = () =>
    app.client.chat.postMessage({
      token: TOKENS.T0BRIGHT,
      channel: 'C0ALERTS',
      text: 'Low',
      blocks: [
        {
          type: 'actions',
          elements: [
            { type: 'button', action_id: 'ack', text: { type: 'plain_text', text: 'Acknowledge' }, value: 'ep_1' },
            {
              type: 'overflow',
              action_id: 'more',
              options: [{ text: { type: 'plain_text', text: 'Snooze 1 h' }, value: 'snooze' }],
            },
          ],
        },
      ],
    });

  it('tells the app of a pressed button, with the message, and is replaced through its response_url', async () => {
    app.action('ack', async ({ ack, action, body, respond }) => {
      await ack();
      expect(action).toMatchObject({ type: 'button', value: 'ep_1' });
      expect(body).toMatchObject({ channel: { id: 'C0ALERTS' }, message: { text: 'Low' }, user: { id: 'U0MIA' } });
      await respond({ replace_original: true, text: 'Acknowledged by Mia' });
    });
    await post();
    await mia.press(mia.lastIn('C0ALERTS'), 'Acknowledge');
    await tom.until(() => tom.lastIn('C0ALERTS').text === 'Acknowledged by Mia');
  });

  it('tells of a menu entry', async () => {
    const chosen: unknown[] = [];
    app.action('more', async ({ ack, action }) => {
      chosen.push(action.type === 'overflow' && action.selected_option.value);
      await ack();
    });
    await post();
    await mia.choose(mia.lastIn('C0ALERTS'), 'more', 'Snooze');
    expect(chosen).toEqual(['snooze']);
  });

  it('in a shared channel is pressed by strangers too, in the name of their own workspace', async () => {
    const contexts: unknown[] = [];
    app.action('ack', async ({ ack, context, body, client }) => {
      await ack();
      contexts.push([context.teamId, 'user' in body && body.user.team_id, body.user.id]);
      if ('trigger_id' in body) await client.views.open({ trigger_id: body.trigger_id, view: modal() });
    });
    app.view('top_up', async ({ ack, context, view, body }) => {
      await ack();
      contexts.push([context.teamId, body.user.team_id, view.team_id, view.app_installed_team_id]);
    });
    await post();
    const eve = slack.person('T0CLIENT', 'U0EVE');
    await eve.press(eve.lastIn('C0ALERTS'), 'ack');
    expect(contexts).toEqual([['T0BRIGHT', 'T0CLIENT', 'U0EVE']]);
    app.options('customer', ({ ack }) =>
      ack({ options: [{ text: { type: 'plain_text', text: 'Zen Spa' }, value: 'zen' }] }),
    );
    await eve.fill({ Customer: 'Zen', Amount: '1' });
    await eve.submit();
    expect(contexts[1]).toEqual(['T0BRIGHT', 'T0CLIENT', 'T0CLIENT', 'T0BRIGHT']);
  });

  it('that only one person was told cannot be pressed by others, and comes without its content', async () => {
    await app.client.chat.postEphemeral({
      token: TOKENS.T0BRIGHT,
      channel: 'C0ALERTS',
      user: 'U0MIA',
      text: 'Pay',
      blocks: [{ type: 'actions', elements: [{ type: 'button', text: { type: 'plain_text', text: 'Pay now' } }] }],
    });
    const message = mia.lastIn('C0ALERTS');
    await expect(tom.press(message, 'Pay now')).rejects.toThrow('does not see that message');
    app.action(/.*/, ({ ack }) => ack());
    const sent = await mia.press(message, 'Pay now');
    expect(sent.payload).toMatchObject({ container: { is_ephemeral: true, message_ts: message.ts } });
    expect(sent.payload).not.toHaveProperty('message');
  });

  it('can be answered with a shortcut', async () => {
    const heard: unknown[] = [];
    app.shortcut({ callback_id: 'topup', type: 'message_action' }, async ({ ack, shortcut }) => {
      heard.push(shortcut.message.text);
      await ack();
    });
    app.shortcut({ callback_id: 'console', type: 'shortcut' }, async ({ ack, shortcut }) => {
      heard.push(shortcut.user.id);
      await ack();
    });
    await post();
    await mia.shortcut('topup', mia.lastIn('C0ALERTS'));
    await mia.shortcut('console');
    expect(heard).toEqual(['Low', 'U0MIA']);
  });
});

describe('the Home tab', () => {
  it('is published when it is opened, and its buttons work', async () => {
    app.event('app_home_opened', async ({ event, client }) => {
      await client.views.publish({
        user_id: event.user,
        view: {
          type: 'home',
          blocks: [
            {
              type: 'actions',
              elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
            },
          ],
        },
      });
    });
    app.action('go', async ({ ack, body, client }) => {
      await ack();
      if ('trigger_id' in body) await client.views.open({ trigger_id: body.trigger_id, view: said('Hello') });
    });
    expect(mia.home).toBeNull();
    await mia.openHome();
    expect(await mia.until(() => mia.home)).toMatchObject({ type: 'home' });
    expect(tom.home).toBeNull();
    await mia.press('home', 'Go');
    expect(JSON.stringify(await mia.until(() => mia.modal))).toContain('Hello');
  });
});

describe('an event', () => {
  it('comes again with retry headers', async () => {
    const heard: unknown[] = [];
    app.event('app_uninstalled', async ({ context, body }) => {
      heard.push([context.retryNum, context.retryReason, body.team_id]);
    });
    await slack.uninstall('T0BRIGHT');
    await slack.resendLast();
    expect(heard).toEqual([
      [undefined, undefined, 'T0BRIGHT'],
      [1, 'http_timeout', 'T0BRIGHT'],
    ]);
  });

  it('is acknowledged with the challenge when an address is new', async () => {
    expect(JSON.parse((await slack.verifyUrl()).body)).toEqual({ challenge: 'challenge' });
  });

  it.each([
    ['with another secret', { signingSecret: 'another' }],
    ['long ago', { ageSeconds: 400 }],
    ['with no signature', { headers: { 'x-slack-signature': undefined } }],
  ])('signed %s is refused', async (_how, options) => {
    expect(await slack.event('T0BRIGHT', { type: 'app_uninstalled' }, options)).toMatchObject({
      status: 401,
      problem: 'http_client_error',
    });
  });
});
