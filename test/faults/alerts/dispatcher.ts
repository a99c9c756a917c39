/**
 * A dispatcher of alerts in a process of its own. It may be told to end itself, by SIGKILL, at a step of its work: the
 * N-th time that it comes there. Started by ./replicas.ts.
 */
import { createSlackAlertChannel } from '@talktime/bot';
import { alertQueue, startDispatcher, type AlertChannel } from '@talktime/core/alerts';
import { Database } from '@talktime/core/database';

export const STEPS = ['after the claim', 'after the answer', 'before the thread', 'none'] as const;
export type Step = (typeof STEPS)[number];

const { DATABASE_URL = '', SLACK_URL = '', DIE_AT = 'none', DIE_AFTER = '1', LEASE_SECONDS = '3' } = process.env;

let left = Number(DIE_AFTER);
function reach(step: Step): void {
  if (step === DIE_AT && --left === 0) process.kill(process.pid, 'SIGKILL');
}

const database = new Database({ url: DATABASE_URL, connections: 6 });
const slack = createSlackAlertChannel({
  installations: ({ teamId }) => Promise.resolve({ botToken: `xoxb-${teamId}` }),
  apiUrl: SLACK_URL,
  timeoutMs: 1_000,
  fetch: (input, init) => {
    const body = String((init as { body?: unknown } | undefined)?.body ?? '');
    if (body.includes('thread_ts=')) reach('before the thread');
    return fetch(input, init);
  },
  logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
});
const channel: AlertChannel = {
  async deliver(delivery) {
    reach('after the claim');
    const outcome = await slack.deliver(delivery);
    reach('after the answer');
    return outcome;
  },
};
startDispatcher({
  database,
  url: DATABASE_URL,
  queue: alertQueue(database, channel, { leaseSeconds: Number(LEASE_SECONDS) }),
  sweepSeconds: 1,
  onError: (error) => void process.stderr.write(`${error.message}\n`),
});
process.stdout.write('It runs.\n');
setInterval(() => undefined, 60_000);
