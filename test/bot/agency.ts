import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { linkSlackChannel, setSlackRole } from '@talktime/core/access';
import { updatePartner } from '@talktime/core/customers';
import { createSlackApp } from '../../bot/app';
import { singleWorkspace, type BotData } from '../../bot/ports';
import { startFakeSlack, type FakeSlack, type Person, type StoredMessage } from '../../server/demo/slack';
import { botData } from '../../server/slack';
import { HOST, World } from '../setup/world';
import type { TestDatabase } from '../setup/database';
import { keepingLogger } from './samples';

const TOKEN = 'xoxb-agency';
let teams = 0;

/** An agency with its Slack workspace: the bot over a real database, asked by signed HTTP through a fake Slack. */
export interface Agency {
  readonly world: World;
  readonly slack: FakeSlack;
  readonly teamId: string;
  readonly log: ReturnType<typeof keepingLogger>;
  /** Owner, without a cap. */
  readonly mia: Person;
  /** Manager, up to 500 credits at once. */
  readonly max: Person;
  readonly viv: Person;
  /** Of the customer cus_acme. */
  readonly carl: Person;
  /** Of another company, in the shared channel C0SHARED. */
  readonly eve: Person;
  /** A message of the app's with a button. */
  post(channel: string, action: string, value: string): Promise<StoredMessage>;
  close(): Promise<void>;
}

/** `changed` stands in for a part of the service, to break it. The customer cus_acme has 100 credits. */
export async function openAgency(
  test: TestDatabase,
  { changed = () => ({}) }: { changed?: (data: BotData) => Partial<BotData> } = {},
): Promise<Agency> {
  const world = await World.create(test, { rate: '8' });
  await world.customer('cus_acme', '100');
  teams += 1;
  const teamId = `T0AGENCY${teams}`;
  const clientId = `T0CLIENT${teams}`;
  const slack = await startFakeSlack({
    workspaces: [
      {
        id: teamId,
        name: 'North Star Voice',
        tokens: [TOKEN],
        users: [
          { id: 'U0MIA', name: 'mia' },
          { id: 'U0MAX', name: 'max' },
          { id: 'U0VIV', name: 'viv' },
          { id: 'U0CARL', name: 'carl' },
        ],
        channels: [
          { id: 'C0OWN', name: 'credits' },
          { id: 'C0ACME', name: 'acme' },
          { id: 'C0SHARED', name: 'shared', sharedWith: [clientId], members: ['U0MIA', 'U0MAX', 'U0EVE'] },
        ],
      },
      { id: clientId, name: 'Client', users: [{ id: 'U0EVE', name: 'eve' }] },
    ],
  });
  const { database } = world.talktime;
  await updatePartner(database, world.partnerId, HOST, { slack_team_id: teamId });
  const give = (userId: string, input: Parameters<typeof setSlackRole>[4]) =>
    setSlackRole(database, world.partnerId, HOST, { teamId, userId }, input);
  await give('U0MIA', { role: 'owner' });
  await give('U0MAX', { role: 'manager', max_credits: '500' });
  await give('U0VIV', { role: 'viewer' });
  await give('U0CARL', { role: 'customer', customer_id: 'cus_acme' });
  await linkSlackChannel(database, world.partnerId, HOST, 'C0ACME', 'cus_acme');

  const log = keepingLogger();
  const data = botData(world.talktime);
  const app = createSlackApp({
    signingSecret: slack.app.signingSecret,
    installations: singleWorkspace(TOKEN),
    data: { ...data, ...changed(data) },
    logger: log,
    apiUrl: slack.apiUrl,
    timeoutMs: 2_000,
  });
  const server = createServer(app.listener);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  slack.deliverTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`);

  return {
    world,
    slack,
    teamId,
    log,
    mia: slack.person(teamId, 'U0MIA'),
    max: slack.person(teamId, 'U0MAX'),
    viv: slack.person(teamId, 'U0VIV'),
    carl: slack.person(teamId, 'U0CARL'),
    eve: slack.person(clientId, 'U0EVE'),
    async post(channel, action, value) {
      const answer = await fetch(`${slack.apiUrl}chat.postMessage`, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({
          channel,
          text: 'An alert',
          blocks: [
            { type: 'section', text: { type: 'mrkdwn', text: 'An alert' } },
            {
              type: 'actions',
              elements: [{ type: 'button', text: { type: 'plain_text', text: 'Press' }, action_id: action, value }],
            },
          ],
        }),
      });
      const { ts } = (await answer.json()) as { ts: string };
      return slack.messages.find((message) => message.ts === ts)!;
    },
    async close() {
      await app.stop();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await slack.close();
    },
  };
}

/** What a person's modal says, its title first; '' while none is open or it is still loading. */
export function saidTo({ modal }: Person): string {
  const text = modal ? JSON.stringify([modal.content.title, modal.content.blocks]) : '';
  return text.includes('One moment…') ? '' : text;
}

/** Waits until their modal says something. */
export function reads(person: Person, words: string): Promise<string> {
  return person.until(() => saidTo(person).includes(words) && saidTo(person), `a modal that says "${words}"`);
}
