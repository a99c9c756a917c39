import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { linkSlackChannel, setSlackRole } from '@talktime/core/access';
import { updatePartner } from '@talktime/core/customers';
import { createSlackApp } from '../../../bot/app';
import { singleWorkspace } from '../../../bot/ports';
import { startFakeSlack, type FakeSlack, type Person, type StoredMessage } from '../../../server/demo/slack';
import { brokenLimits } from '../../../server/demo/slack/limits';
import { botData } from '../../../server/slack';
import type { TestDatabase } from '../../setup/database';
import { HOST, PARTNER, World } from '../../setup/world';
import { keepingLogger } from '../samples';

const TOKEN = 'xoxb-bright';
/** A workspace is one partner's: each bench has its own. */
let teams = 0;
const DAY = 24 * 60 * 60 * 1000;

/** The bot over a real database, in a fake Slack: a manager, a viewer, and somebody of a customer's. */
export interface Bench {
  readonly world: World;
  readonly slack: FakeSlack;
  readonly manager: Person;
  readonly viewer: Person;
  /** Of cus_acme, whose channel is #acme. */
  readonly client: Person;
  readonly logger: ReturnType<typeof keepingLogger>;
  /** Types `/credits …` and waits for the answer that only they see. */
  ask(person: Person, words: string, channel?: string): Promise<StoredMessage>;
  /** Presses a button and waits until its message has changed. */
  turn(person: Person, message: StoredMessage, button: string): Promise<StoredMessage>;
  /** A call of so many seconds, some days ago. */
  call(customerId: string, daysAgo: number, seconds: number, cost?: string): Promise<void>;
  /** The pace that forecasts are made of: so many credits on each of the last days. */
  used(customerId: string, creditsADay: number, days: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startBench(test: TestDatabase, { charts = true } = {}): Promise<Bench> {
  const world = await World.create(test);
  const teamId = `T0BRIGHT${++teams}`;
  await world.customer('cus_acme', '1000', { show_pricing_information: true });
  await updatePartner(test.database, world.partnerId, HOST, { slack_team_id: teamId });
  await updatePartner(test.database, world.partnerId, PARTNER, {
    slack_channel: 'C0ALERTS',
    price_per_minute: { credits: '8' },
  });
  await linkSlackChannel(test.database, world.partnerId, PARTNER, 'C0ACME', 'cus_acme');
  const role = (userId: string, role: 'owner' | 'manager' | 'viewer') =>
    setSlackRole(test.database, world.partnerId, HOST, { teamId, userId }, { role });
  await role('U0OWNER', 'owner');
  await role('U0MIA', 'manager');
  await role('U0TOM', 'viewer');

  const slack = await startFakeSlack({
    workspaces: [
      {
        id: teamId,
        name: 'Bright Agency',
        tokens: [TOKEN],
        users: [
          { id: 'U0MIA', name: 'mia' },
          { id: 'U0TOM', name: 'tom' },
          { id: 'U0EVE', name: 'eve', guest: true },
        ],
        channels: [
          { id: 'C0ALERTS', name: 'alerts', members: ['U0MIA', 'U0TOM'] },
          { id: 'C0ACME', name: 'acme', members: ['U0MIA', 'U0TOM', 'U0EVE'] },
        ],
        charts,
      },
    ],
  });
  const logger = keepingLogger();
  const app = createSlackApp({
    signingSecret: slack.app.signingSecret,
    installations: singleWorkspace(TOKEN),
    data: botData(world.talktime),
    logger,
    apiUrl: slack.apiUrl,
  });
  const server = createServer(app.listener);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  slack.deliverTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`);

  let calls = 0;
  return {
    world,
    slack,
    logger,
    manager: slack.person(teamId, 'U0MIA'),
    viewer: slack.person(teamId, 'U0TOM'),
    client: slack.person(teamId, 'U0EVE'),
    async ask(person, words, channel = person.id === 'U0EVE' ? 'C0ACME' : 'C0ALERTS') {
      const before = person.sees(channel).length;
      await person.command(`/credits ${words}`, { channel });
      const answer = await person.until(() => person.sees(channel)[before], `an answer to ${words}`);
      expect(answer.visibleTo).toBe(person.id);
      expect(brokenLimits(answer, { charts })).toEqual([]);
      return answer;
    },
    async turn(person, message, button) {
      const before = JSON.stringify(message.blocks);
      await person.press(message, button);
      await person.until(() => JSON.stringify(message.blocks) !== before, `another page after ${button}`);
      expect(brokenLimits(message)).toEqual([]);
      return message;
    },
    async call(customerId, daysAgo, seconds, cost) {
      await world.call({
        id: `call-${++calls}`,
        seconds,
        customerId,
        startedAt: Date.now() - daysAgo * DAY,
        cost: cost === undefined ? null : { amount: BigInt(Math.round(Number(cost) * 1e6)), currency: 'USD' },
      });
    },
    async used(customerId, creditsADay, days) {
      await test.superuser(
        `insert into talktime.wallet_usage (partner_id, wallet_id, hour, used)
         select partner_id, wallet_id, date_trunc('hour', clock_timestamp(), 'UTC') - make_interval(hours => 24 * day), $3
         from talktime.customers cross join generate_series(1, $4::int) as day
         where partner_id = $1 and customer_id = $2`,
        [world.partnerId, customerId, String(BigInt(Math.round(creditsADay * 1e6))), days],
      );
    },
    async stop() {
      await app.stop();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await slack.close();
    },
  };
}

/** Every text in a message, the cells of its tables included. */
export function wordsOf(message: { readonly text: string; readonly blocks: unknown }): string {
  const found: string[] = [message.text];
  JSON.stringify(message.blocks, (key, value: unknown) => {
    if ((key === 'text' || key === 'title' || key === 'label') && typeof value === 'string') found.push(value);
    return value;
  });
  return found.join('\n');
}

/** A message's table, as rows of text. */
export function tableOf(message: { readonly blocks: unknown }): string[][] {
  const blocks = message.blocks as { type: string; rows?: { text: string }[][] }[];
  const table = blocks.find(({ type }) => type === 'table');
  return (table?.rows ?? []).map((row) => row.map(({ text }) => text));
}

interface Chart {
  readonly title: string;
  readonly chart: {
    readonly axis_config: { readonly categories: string[] };
    readonly series: { readonly data: { label: string; value: number }[] }[];
  };
}

export function chartOf(message: { readonly blocks: unknown }): Chart | undefined {
  return (message.blocks as { type: string }[]).find(({ type }) => type === 'data_visualization') as Chart | undefined;
}
