import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, HTTPReceiver, LogLevel } from '@slack/bolt';
import type { FakeSlack } from '../../../server/demo/slack';

/** An app on Slack's own framework, which the fake did not have a hand in: what it understands is what Slack would send. */
export async function startBoltApp(
  slack: FakeSlack,
  tokens: Record<string, string>,
): Promise<{ app: App; close: () => Promise<void> }> {
  const receiver = new HTTPReceiver({
    signingSecret: slack.app.signingSecret,
    endpoints: '/slack/events',
    logLevel: LogLevel.ERROR,
  });
  const app = new App({
    receiver,
    convoStore: false,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } },
    authorize: ({ teamId }) => Promise.resolve({ botToken: tokens[teamId ?? ''], teamId }),
  });
  const server = createServer(receiver.requestListener);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  slack.deliverTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`);
  return {
    app,
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}
