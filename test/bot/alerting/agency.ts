import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { linkSlackChannel, setSlackRole } from '@talktime/core/access';
import { alertQueue, startDispatcher } from '@talktime/core/alerts';
import { updatePartner } from '@talktime/core/customers';
import { createSlackAlertChannel } from '../../../bot/alert-channel';
import { createSlackApp } from '../../../bot/app';
import { singleWorkspace } from '../../../bot/ports';
import { brokenLimits, startFakeSlack, type FakeSlack, type Person } from '../../../server/demo/slack';
import { botData } from '../../../server/slack';
import type { TestDatabase } from '../../setup/database';
import { HOST, World } from '../../setup/world';
import { keepingLogger } from '../samples';

export const TOKEN = 'xoxb-north-star';
let teams = 0;

/** An agency in Slack: the bot over a real database, asked by signed HTTP through a fake Slack. */
export interface Agency {
  readonly world: World;
  readonly slack: FakeSlack;
  readonly teamId: string;
  readonly log: ReturnType<typeof keepingLogger>;
  readonly mia: Person;
  readonly max: Person;
  readonly viv: Person;
  /** Of the customer acme. */
  readonly carl: Person;
  /** Of another company, in the channel that acme shares. */
  readonly eve: Person;
  /** Asks, and waits for the answer that they alone see; its whole JSON. */
  ask(person: Person, line: string, channel?: string): Promise<string>;
  /** Starts to deliver alerts. */
  deliver(): void;
  close(): Promise<void>;
}

/**
 * North Star Voice: mia is its owner, max a manager and viv a viewer. #credits and #alerts are its own, #acme is shared
 * with the customer acme, #lobby has not the app, and #partners is shared with nobody's company in particular.
 */
export async function openAgency(test: TestDatabase): Promise<Agency> {
  const world = await World.create(test, { rate: '6' });
  await world.customer('acme', '1000', { low_credit_threshold: '800', low_credit_notifications_enabled: true });
  teams += 1;
  const teamId = `T0NORTH${teams}`;
  const clientId = `T0CLIENT${teams}`;
  const slack = await startFakeSlack({
    workspaces: [
      {
        id: teamId,
        name: 'North Star Voice',
        tokens: [TOKEN],
        users: [{ id: 'U0MIA' }, { id: 'U0MAX' }, { id: 'U0VIV' }, { id: 'U0CARL' }],
        channels: [
          { id: 'C0CREDITS', name: 'credits' },
          { id: 'C0ALERTS', name: 'alerts' },
          { id: 'C0LOBBY', name: 'lobby', app: false },
          {
            id: 'C0ACME',
            name: 'acme',
            sharedWith: [clientId],
            members: ['U0MIA', 'U0MAX', 'U0VIV', 'U0CARL', 'U0EVE'],
          },
        ],
      },
      { id: clientId, name: 'Acme Dental', users: [{ id: 'U0EVE' }] },
    ],
  });
  const { database } = world.talktime;
  await updatePartner(database, world.partnerId, HOST, { slack_team_id: teamId });
  const give = (userId: string, role: 'owner' | 'manager' | 'viewer' | 'customer', customer_id?: string) =>
    setSlackRole(database, world.partnerId, HOST, { teamId, userId }, { role, customer_id });
  await give('U0MIA', 'owner');
  await give('U0MAX', 'manager');
  await give('U0VIV', 'viewer');
  await give('U0CARL', 'customer', 'acme');
  await linkSlackChannel(database, world.partnerId, HOST, 'C0ACME', 'acme');

  const log = keepingLogger();
  const app = createSlackApp({
    signingSecret: slack.app.signingSecret,
    installations: singleWorkspace(TOKEN),
    data: botData(world.talktime),
    logger: log,
    apiUrl: slack.apiUrl,
    timeoutMs: 2_000,
  });
  const server = createServer(app.listener);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  slack.deliverTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`);

  let dispatcher: ReturnType<typeof startDispatcher> | undefined;
  return {
    world,
    slack,
    teamId,
    log,
    deliver() {
      const options = { installations: singleWorkspace(TOKEN), apiUrl: slack.apiUrl, timeoutMs: 2_000, logger: log };
      const queue = alertQueue(database, createSlackAlertChannel(options));
      dispatcher = startDispatcher({ database, url: test.url, queue, sweepSeconds: 1, onError: () => undefined });
    },
    mia: slack.person(teamId, 'U0MIA'),
    max: slack.person(teamId, 'U0MAX'),
    viv: slack.person(teamId, 'U0VIV'),
    carl: slack.person(teamId, 'U0CARL'),
    eve: slack.person(clientId, 'U0EVE'),
    async ask(person, line, channel = 'C0CREDITS') {
      const before = slack.ephemerals.length;
      await person.command(line, { channel });
      const answer = await slack.until(() => slack.ephemerals[before], `an answer to ${line}`);
      return checked(answer);
    },
    async close() {
      await dispatcher?.stop();
      await app.stop();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await slack.close();
    },
  };
}

/** A message's whole JSON, which is within Slack's limits and ours. */
export function checked({ text, blocks }: { readonly text: string; readonly blocks: readonly object[] }): string {
  expect(brokenLimits({ text, blocks })).toEqual([]);
  return JSON.stringify({ text, blocks });
}

/** What a person's modal says, its title first; '' while none is open or it is still loading. */
export function saidTo({ modal }: Person): string {
  const said = modal ? JSON.stringify([modal.content.title, modal.content.blocks]) : '';
  return said.includes('One moment…') || said.includes('Working on it') ? '' : said;
}

/** Waits until their modal says something. */
export function reads(person: Person, words: string): Promise<string> {
  return person.until(() => saidTo(person).includes(words) && saidTo(person), `a modal that says "${words}"`);
}
