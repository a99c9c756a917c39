import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { linkSlackChannel, Sealer, setSlackRole } from '@talktime/core/access';
import { NO_CLUES, type Talktime } from '@talktime/core/calls';
import { customerCreate, partnerCreate, planCreate, type SettingsPatch } from '@talktime/core/contract';
import { createCustomer, createPartner, updateCustomer, updatePartner } from '@talktime/core/customers';
import { Database, migrate, startEmbeddedPostgres } from '@talktime/core/database';
import { Ledger, topUp } from '@talktime/core/ledger';
import { createPlan } from '@talktime/core/plans';
import { Client } from 'pg';
import { createSlackApp } from '../../bot/app';
import { singleWorkspace } from '../../bot/ports';
import { startFakeSlack, type FakeSlack, type Person } from '../../server/demo/slack';
import { botData } from '../../server/slack';

const HOST = { id: 'key:host', host: true };
const TEAM = 'T0BRIGHT';
const TOKEN = 'xoxb-pictures';
const DAY = 24 * 60 * 60_000;

/** An agency as one would meet it, with its Slack workspace. */
export interface Shop {
  readonly slack: FakeSlack;
  readonly talktime: Talktime;
  readonly partnerId: string;
  /** Owner. */
  readonly mia: Person;
  readonly max: Person;
  /** Of the customer Acme Dental. */
  readonly carl: Person;
  update(customerId: string, settings: SettingsPatch): Promise<unknown>;
  close(): Promise<void>;
}

interface CustomerSpec {
  readonly id: string;
  readonly name: string;
  readonly credits: string;
  /** Calls a day, and seconds of each. */
  readonly calls: number;
  readonly seconds: number;
  readonly rate: string;
}

const CUSTOMERS: readonly CustomerSpec[] = [
  { id: 'cus_acme', name: 'Acme Dental', credits: '2800', calls: 4, seconds: 150, rate: '12' },
  { id: 'cus_harbor', name: 'Harbor Law Group', credits: '3700', calls: 3, seconds: 190, rate: '15' },
  { id: 'cus_zen', name: 'Zen Spa', credits: '1180', calls: 2, seconds: 130, rate: '12' },
  { id: 'cus_lakeside', name: 'Lakeside Realty', credits: '5200', calls: 3, seconds: 240, rate: '14' },
  { id: 'cus_bolt', name: 'Bolt Plumbing & Sons', credits: '760', calls: 1, seconds: 170, rate: '12' },
  { id: 'cus_orchard', name: 'Orchard Veterinary', credits: '6000', calls: 2, seconds: 110, rate: '12' },
];

export async function openShop(): Promise<Shop> {
  const server = await startEmbeddedPostgres({ settings: { fsync: 'off' } });
  await migrate(server.url);
  const database = new Database({ url: server.url });
  const talktime: Talktime = { database, ledger: new Ledger(database), sealer: new Sealer(randomBytes(32)) };
  const partner = await createPartner(database, HOST, partnerCreate.parse({ name: 'Bright Agency' }));
  const partnerId = partner.id;
  const update = (id: string, settings: SettingsPatch) => updateCustomer(database, partnerId, HOST, id, { settings });
  await furnish(talktime, partnerId);
  await useAsItBegan(server.url);

  const slack = await startFakeSlack({
    workspaces: [
      {
        id: TEAM,
        name: 'Bright Agency',
        tokens: [TOKEN],
        users: [
          { id: 'U0MIA', name: 'mia', realName: 'Mia Torres' },
          { id: 'U0MAX', name: 'max', realName: 'Max Lindgren' },
          { id: 'U0CARL', name: 'carl', realName: 'Carl Acme' },
        ],
        channels: [
          { id: 'C0CREDITS', name: 'credits' },
          { id: 'C0ACME', name: 'acme-dental' },
        ],
      },
    ],
    patience: 10_000,
  });
  await updatePartner(database, partnerId, HOST, { slack_team_id: TEAM });
  const give = (userId: string, role: Parameters<typeof setSlackRole>[4]) =>
    setSlackRole(database, partnerId, HOST, { teamId: TEAM, userId }, role);
  await give('U0MIA', { role: 'owner' });
  await give('U0MAX', { role: 'manager', max_credits: '500' });
  await give('U0CARL', { role: 'customer', customer_id: 'cus_acme' });
  await linkSlackChannel(database, partnerId, HOST, 'C0ACME', 'cus_acme');

  const quiet = { debug() {}, info() {}, warn() {}, error: console.error };
  const app = createSlackApp({
    signingSecret: slack.app.signingSecret,
    installations: singleWorkspace(TOKEN),
    data: botData(talktime),
    logger: quiet,
    apiUrl: slack.apiUrl,
  });
  const http = createServer(app.listener);
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
  slack.deliverTo(`http://127.0.0.1:${(http.address() as AddressInfo).port}/slack/events`);
  return {
    slack,
    talktime,
    partnerId,
    mia: slack.person(TEAM, 'U0MIA'),
    max: slack.person(TEAM, 'U0MAX'),
    carl: slack.person(TEAM, 'U0CARL'),
    update,
    async close() {
      await app.stop();
      http.closeAllConnections();
      await new Promise((closed) => http.close(closed));
      await slack.close();
      await database.close();
      await server.stop();
    },
  };
}

/** The ledger counts what was used when it was posted, which was just now; here it is when the calls began. */
async function useAsItBegan(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('delete from talktime.wallet_usage');
    await client.query(
      `insert into talktime.wallet_usage (partner_id, wallet_id, hour, used)
       select k.partner_id, c.wallet_id, date_trunc('hour', k.started_at, 'UTC'), sum(k.price)
       from talktime.calls k join talktime.customers c using (partner_id, customer_id)
       where k.revision > 0 group by 1, 2, 3`,
    );
  } finally {
    await client.end();
  }
}

/** Money, customers, plans, and three weeks of calls with what each cost the agency. */
async function furnish({ database, ledger }: Talktime, partnerId: string): Promise<void> {
  await updatePartner(database, partnerId, HOST, { price_per_minute: { credits: '8' } });
  const fill = (wallet: { wallet: 'partner' } | { customer_id: string }, amount: string) =>
    topUp(ledger, partnerId, HOST, { ...wallet, amount, kind: 'paid', idempotency_key: randomUUID() });
  await fill({ wallet: 'partner' }, '18500');
  for (const plan of [
    { id: 'starter', name: 'Starter', minutes: '100', price: '15', description: 'A hundred minutes of calls' },
    {
      id: 'busy',
      name: 'Busy front desk',
      credits: '6000',
      price: '54',
      description: 'For phones that ring all day',
      bonus: '300',
      expires_after_days: 365,
      popular: true,
    },
    {
      id: 'practice',
      name: 'Practice',
      credits: '2000',
      price: '19',
      description: 'Every month, and half of what is left comes along',
      recurring: { period: 'month', rollover: { share: '0.5', cap: '500' } },
    },
  ])
    await createPlan(database, partnerId, HOST, planCreate.parse(plan));
  for (const { id, name, credits, rate } of CUSTOMERS) {
    const settings = { ai_credits_enabled: true, price_per_minute: { credits: rate } };
    await createCustomer(database, partnerId, HOST, customerCreate.parse({ id, name, settings }));
    await fill({ customer_id: id }, credits);
  }
  const now = Date.now();
  const call = (id: string, seconds: number, at: number, customerId: string | null, agentId: string | null = null) =>
    ledger.submit(partnerId, {
      kind: 'call',
      actor: HOST,
      identity: { provider: 'retell', account: 'default', callId: id, leg: '' },
      facts: {
        outcome: 'connected',
        rawMilliseconds: seconds * 1000,
        cost: { amount: BigInt(Math.round((seconds / 60) * 80_000)), currency: 'USD' },
        rank: 2,
        order: null,
      },
      startedAt: at,
      clues: { ...NO_CLUES, agentId },
      customerId,
    });
  for (let day = 20; day >= 0; day--)
    for (const [row, { id, calls, seconds }] of CUSTOMERS.entries())
      for (let count = 0; count < calls; count++) {
        // The same on every run, and no two days alike.
        const length = Math.round(seconds * (0.7 + (((day * 7 + count * 3 + row * 5) % 10) / 10) * 0.7));
        await call(`${id}-${day}-${count}`, length, now - day * DAY - (count + 1) * 3_600_000, id);
      }
  await call('lost-1', 95, now - 2 * 3_600_000, null, 'agent_new_branch');
  await call('lost-2', 61, now - 3_600_000, null, 'agent_new_branch');
}
