import { setSlackRole } from '@talktime/core/access';
import { createWebhook } from '@talktime/core/alerts';
import { createEndpoint, recordDelivery, settleDelivery } from '@talktime/core/calls';
import { endpointCreate, webhookCreate, type Finding, type FindingCode } from '@talktime/core/contract';
import { updatePartner } from '@talktime/core/customers';
import { diagnosePartner } from '@talktime/core/doctor';
import { TestApi } from '../server/harness';
import type { TestDatabase } from '../setup/database';
import { PARTNER, World } from '../setup/world';
import { runDoctor } from '../../server/commands/doctor';

describe('the doctor, on a partner', () => {
  let test: TestDatabase;
  let world: World;
  beforeAll(async () => void (test = await World.open()));
  beforeEach(async () => void (world = await World.create(test, { rate: '6' })));
  afterAll(() => test.drop());

  const diagnosis = async () => (await diagnosePartner(test.database, world.partnerId)).diagnosis;
  const codes = async () => (await diagnosis()).findings.map(({ code }) => code);
  const finding = async (code: FindingCode): Promise<Finding> => {
    const found = (await diagnosis()).findings.find((each) => each.code === code);
    if (!found) throw new Error(`${code} was not found among ${(await codes()).join(', ')}`);
    return found;
  };
  const settings = (patch: Parameters<typeof updatePartner>[3]) =>
    updatePartner(test.database, world.partnerId, PARTNER, patch);
  const webhook = (events: ('balance.low' | 'call.deducted')[], description = '') =>
    createWebhook(
      world.talktime,
      world.partnerId,
      PARTNER,
      webhookCreate.parse({ url: 'http://127.0.0.1:9/webhook/talktime', events, description }),
      'any',
    );
  const ago = (table: string, column: string, days: number) =>
    test.superuser(
      `update talktime.${table} set ${column} = ${column} - make_interval(days => $2) where partner_id = $1`,
      [world.partnerId, days],
    );

  it('alerts have nowhere to go, until a channel or a webhook hears of balances', async () => {
    expect(await finding('ALERT_CHANNEL_MISSING')).toMatchObject({ state: 'broken', mend: 'alerts' });
    await webhook(['call.deducted']);
    expect(await codes()).toContain('ALERT_CHANNEL_MISSING');
    await webhook(['balance.low']);
    expect(await finding('ALERTS_ROUTED')).toMatchObject({ detail: 'They go to 1 webhook of yours.' });
    await settings({ slack_channel: 'C0ALERTS' });
    expect(await finding('ALERTS_ROUTED')).toMatchObject({ detail: 'They go to your Slack channel.' });
  });

  it('e-mail is somewhere for alerts to go, too', async () => {
    await settings({ alert_emails: ['ops@example.com'] });
    expect(await finding('ALERTS_ROUTED')).toMatchObject({ detail: 'They go to 1 e-mail address.' });
  });

  it('a dead route is told, and so is an alert that was given up', async () => {
    expect((await codes()).filter((code) => /DEAD|UNDELIVERED/.test(code))).toEqual([]);
    await test.superuser(
      `insert into talktime.alert_routes (partner_id, route, audience, dead_at, reason)
       values ($1, 'slack:T0:C0GONE', 'partner', now(), 'Channel C0GONE is archived.')`,
      [world.partnerId],
    );
    await test.superuser(
      `insert into talktime.alert_messages (partner_id, message_id, route, audience, kind, about, dead_at, dead_because)
       values ($1, gen_random_uuid(), 'slack:T0:C0GONE', 'partner', 'test', '{}', now(), 'route')`,
      [world.partnerId],
    );
    expect(await finding('ALERT_ROUTES_DEAD')).toMatchObject({
      state: 'broken',
      mend: 'alerts',
      detail: '1 place takes no alerts any more. Channel C0GONE is archived.',
    });
    expect(await finding('ALERTS_UNDELIVERED')).toMatchObject({ state: 'warning', mend: 'alerts' });
  });

  it('nobody in Slack is an owner, until somebody is; without a workspace nobody asks', async () => {
    expect((await codes()).filter((code) => code.startsWith('SLACK_'))).toEqual([]);
    await settings({ slack_team_id: 'T0OWNED' });
    expect(await finding('SLACK_OWNER_MISSING')).toMatchObject({ state: 'warning' });
    const mia = { teamId: 'T0OWNED', userId: 'U0MIA' };
    await setSlackRole(test.database, world.partnerId, PARTNER, mia, { role: 'owner' });
    expect(await codes()).toContain('SLACK_OWNED');
  });

  it('an app that was removed is told, until it is there again', async () => {
    await test.superuser(
      `insert into talktime.slack_installations (partner_id, workspace_id, scopes, installer_id, gone_at, gone_because)
       values ($1, 'T0GONE', '{}', 'U0MIA', now(), 'app_uninstalled')`,
      [world.partnerId],
    );
    expect(await finding('SLACK_GONE')).toMatchObject({ state: 'broken' });
    await test.superuser(
      `update talktime.slack_installations set gone_at = null, gone_because = null, sealed = '\\x00' where partner_id = $1`,
      [world.partnerId],
    );
    expect(await codes()).not.toContain('SLACK_GONE');
  });

  it('a webhook that took nothing is told for a week', async () => {
    const { id } = await webhook(['balance.low'], 'Our n8n');
    expect(await codes()).toContain('WEBHOOKS_DELIVERED');
    await test.superuser(
      `insert into talktime.webhook_deliveries (partner_id, webhook_id, event_id, type, subject, at, dead_at, last_error)
       values ($1, $2, gen_random_uuid(), 'balance.low', '1', now(), now(), 'HTTP 500')`,
      [world.partnerId, id],
    );
    expect(await finding('WEBHOOK_FAILING')).toMatchObject({
      state: 'warning',
      detail: '“Our n8n” did not take 1 event of the last 7 days (HTTP 500), and they were given up.',
    });
    await ago('webhook_deliveries', 'dead_at', 8);
    expect(await codes()).toContain('WEBHOOKS_DELIVERED');
  });

  it('a voice provider that went silent is told, and a new one is given a day', async () => {
    expect((await codes()).filter((code) => code.startsWith('ENDPOINT'))).toEqual([]);
    const endpoint = endpointCreate.parse({ provider: 'retell', account: 'main', secrets: ['a secret of retell'] });
    const { id } = await createEndpoint(world.talktime, world.partnerId, PARTNER, endpoint);
    expect(await codes()).toContain('ENDPOINTS_HEARD');
    await ago('endpoints', 'created_at', 2);
    expect(await finding('ENDPOINT_SILENT')).toMatchObject({
      detail: 'Nothing has ever come, or nothing in a month, from the retell account main.',
    });
    const { inboxId } = await recordDelivery(test.database, world.partnerId, {
      endpointId: id,
      provider: 'retell',
      rawBody: Buffer.from('{}'),
      value: {},
      settings: {},
      callId: null,
    });
    expect(await codes()).toContain('ENDPOINTS_HEARD');
    await settleDelivery(test.database, world.partnerId, inboxId, { state: 'refused', message: null, callId: null });
    expect(await finding('DELIVERIES_FAILING')).toMatchObject({ state: 'broken' });
    await ago('inbox', 'received_at', 8);
    expect(await finding('ENDPOINT_SILENT')).toMatchObject({
      detail: 'Nothing has come for 8 days, from the retell account main.',
    });
    expect(await codes()).not.toContain('DELIVERIES_FAILING');
  });

  it('its own balance matters where calls are paid from it', async () => {
    expect(await finding('PARTNER_BALANCE_FINE')).toMatchObject({ detail: '0 credits. No call is paid from it.' });
    await world.customer('acme', '0', { ai_credits_enabled: false });
    expect(await finding('PARTNER_BALANCE_EMPTY')).toMatchObject({ state: 'broken' });
    await settings({ low_credit_threshold: '100' });
    await world.topUp('partner', '50');
    expect(await finding('PARTNER_BALANCE_LOW')).toMatchObject({ state: 'warning' });
    await world.topUp('partner', '500');
    expect(await finding('PARTNER_BALANCE_FINE')).toMatchObject({ detail: '550 credits.' });
  });

  it('calls that wait are told, whoever’s they are', async () => {
    expect(await codes()).toContain('SUSPENSE_EMPTY');
    await world.call({ id: 'waits', seconds: 60 });
    expect(await finding('SUSPENSE_WAITING')).toMatchObject({ state: 'warning', mend: 'suspense' });
  });

  it('counts the customers with something broken, and names ten', async () => {
    expect((await codes()).filter((code) => code.startsWith('CUSTOMERS_'))).toEqual([]);
    await world.customer('well', '1000');
    await world.call({ id: '1', seconds: 1, customerId: 'well' });
    expect(await codes()).toContain('CUSTOMERS_FINE');
    for (let each = 0; each < 11; each++) await world.customer(`broken-${String(each).padStart(2, '0')}`, '0');
    const { broken_customers: customers } = await diagnosis();
    expect(customers).toMatchObject({ examined: 12, count: 11 });
    expect(customers!.first).toHaveLength(10);
    expect(customers!.first[0]).toEqual({
      id: 'broken-00',
      name: 'broken-00',
      codes: ['BALANCE_EMPTY', 'MAPPING_MISSING'],
    });
    expect(await finding('CUSTOMERS_BROKEN')).toMatchObject({
      detail: '11 customers have something broken, of 12 looked at.',
    });
  });

  it('on the command line: findings by line, and 1 when something is broken', async () => {
    await world.customer('acme', '0');
    const lines: string[] = [];
    const run = (customerId?: string, json = false) =>
      runDoctor(
        test.database,
        { partnerId: world.partnerId, customerId, takesPayments: true, json },
        (text) => void lines.push(text),
      );
    expect(await run('acme')).toBe(1);
    expect(lines.join('\n')).toContain('BROKEN   BALANCE_EMPTY  The balance is used up. No credits were ever added');
    expect(await run()).toBe(1);
    expect(lines.join('\n')).toContain('acme  BALANCE_EMPTY, MAPPING_MISSING  acme');
    await run('acme', true);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ state: 'broken', customer: { id: 'acme' } });
    await world.topUp('acme', '1000');
    await world.call({ id: '1', seconds: 1, customerId: 'acme' });
    expect(await run('acme')).toBe(0);
  });
});

describe('GET /v1/doctor', () => {
  let api: TestApi;
  beforeAll(async () => void (api = await TestApi.start()));
  afterAll(() => api.stop());

  it('diagnoses a customer, and the partner itself', async () => {
    await api.createCustomer('cus_acme');
    const one = await api.get('/v1/doctor?customer_id=cus_acme');
    expect([one.status, one.body.state, one.body.customer]).toEqual([
      200,
      'broken',
      { id: 'cus_acme', name: 'The customer cus_acme' },
    ]);
    const all = await api.get('/v1/doctor');
    expect(all.body).toMatchObject({ customer: null, broken_customers: { examined: 1, count: 1 } });
  });

  it('knows no other customer, and shows nothing to a key of a customer: it names costs', async () => {
    expect((await api.get('/v1/doctor?customer_id=nobody')).body.code).toBe('CUSTOMER_NOT_FOUND');
    const key = await api.keyWith(['read'], 'cus_acme');
    expect((await api.get('/v1/doctor?customer_id=cus_acme', { key })).body.code).toBe('CUSTOMER_KEY_LIMITED');
    const deducting = await api.keyWith(['deduct']);
    expect((await api.get('/v1/doctor', { key: deducting })).body.code).toBe('SCOPE_MISSING');
  });
});
