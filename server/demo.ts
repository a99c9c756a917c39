/** `npm run demo`: the main job, end to end, on a database of its own that is gone afterwards. */
import { randomBytes } from 'node:crypto';
import { createApiKey } from '@talktime/core/access';
import { startEmbeddedPostgres } from '@talktime/core/database';
import { Checks, DemoFailure } from './demo/checks';
import { bold, cyan, dim, green, heading, red, say } from './demo/screen';
import { tellStory } from './demo/story';
import { BOT_TOKEN, DemoWorkspace, SIGNING_SECRET } from './demo/workspace';
import { Lifecycle } from './lifecycle';
import { createLogger } from './logging';
import { startService } from './service';

async function main(lifecycle: Lifecycle, once: boolean): Promise<void> {
  lifecycle.stopOnSignals(() => say('\nStopping; nothing is left behind.'));
  say(bold('Talktime'));
  say(dim('Starting a PostgreSQL server in a temporary folder, a Slack of our own, and the service on them…'));
  const server = await lifecycle.open(() => startEmbeddedPostgres({ settings: { fsync: 'off' } }));
  const workspace = await lifecycle.open(() => DemoWorkspace.start());
  const checks = new Checks();
  const { url, database } = await lifecycle.open(() =>
    startService({
      url: server.url,
      sealKey: randomBytes(32),
      host: '127.0.0.1',
      port: 0,
      slack: { signingSecret: SIGNING_SECRET, botToken: BOT_TOKEN, apiUrl: workspace.slack.apiUrl },
      logger: createLogger('error'),
    }),
  );
  workspace.slack.deliverTo(`${url}/slack/events`);
  const { key: hostKey } = await createApiKey(
    database,
    null,
    { id: 'system', host: true },
    { name: 'demo host', scopes: ['host'] },
  );
  const { partnerKey } = await tellStory({ url, hostKey, workspace, checks });

  heading('All went as expected');
  say(`  ${green('✓')} ${checks.done} checks`);
  if (once) return;
  say(
    [
      '',
      `  Slack      ${cyan(workspace.slack.origin)}  (what Mia and her client see there)`,
      `  API        ${cyan(`${url}/v1`)}`,
      `  API page   ${cyan(`${url}/docs`)}`,
      `  Try        curl '${url}/v1/threshold?customer_id=cus_acme' -H 'authorization: Bearer ${partnerKey}'`,
      '',
      dim('It stays up until Ctrl-C; then everything is gone.'),
      '',
    ].join('\n'),
  );
}

const once = process.argv.includes('--once');
const lifecycle = new Lifecycle();
main(lifecycle, once).then(
  () => once && lifecycle.exit(0),
  async (error: unknown) => {
    if (await lifecycle.isStopping()) return; // interrupted
    const reason = error instanceof DemoFailure ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`\n${red('✗')} The demo did not go as expected.\n  ${reason}\n`);
    lifecycle.exit(1);
  },
);
