/** `npm run demo`: the main job, end to end, on a database of its own that is gone afterwards. */
import { randomBytes } from 'node:crypto';
import { createApiKey } from '@talktime/core/access';
import { freePort, startEmbeddedPostgres } from '@talktime/core/database';
import { Checks, DemoFailure } from './demo/checks';
import { payLink, STRIPE_WEBHOOK_SECRET } from './demo/payments';
import { bold, cyan, dim, green, heading, red, say } from './demo/screen';
import { ACME, tellStory } from './demo/story';
import { startFakeStripe } from './demo/stripe';
import { BOT_TOKEN, DemoWorkspace, SIGNING_SECRET } from './demo/workspace';
import { Lifecycle } from './lifecycle';
import { createLogger } from './logging';
import { startService } from './service';

async function main(lifecycle: Lifecycle, once: boolean): Promise<void> {
  lifecycle.stopOnSignals(() => say('\nStopping; nothing is left behind.'));
  say(bold('Talktime'));
  say(
    dim(
      'Starting a PostgreSQL server in a temporary folder, a Slack and a Stripe of our own, and the service on them…',
    ),
  );
  const server = await lifecycle.open(() => startEmbeddedPostgres({ settings: { fsync: 'off' } }));
  const workspace = await lifecycle.open(() => DemoWorkspace.start());
  const { stripe } = await lifecycle.open(async () => {
    const started = await startFakeStripe({ sellerOf: () => 'Brightline Voice' });
    return { stripe: started, stop: () => started.close() };
  });
  const checks = new Checks();
  const port = await freePort(); // the service gives out links to itself, so its address is known before it listens
  const { url, database } = await lifecycle.open(() =>
    startService({
      url: server.url,
      sealKey: randomBytes(32),
      host: '127.0.0.1',
      port,
      publicUrl: `http://127.0.0.1:${port}`,
      stripe: { secretKey: stripe.key, webhookSecret: STRIPE_WEBHOOK_SECRET, apiUrl: stripe.origin },
      slack: { signingSecret: SIGNING_SECRET, botToken: BOT_TOKEN, apiUrl: workspace.slack.apiUrl },
      logger: createLogger('error'),
    }),
  );
  workspace.slack.deliverTo(`${url}/slack/events`);
  stripe.webhooks.addEndpoint({ url: `${url}/stripe/webhook`, secret: STRIPE_WEBHOOK_SECRET });
  const { key: hostKey } = await createApiKey(
    database,
    null,
    { id: 'system', host: true },
    { name: 'demo host', scopes: ['host'] },
  );
  const { client } = await tellStory({ url, hostKey, workspace, stripe, checks });

  heading('All went as expected');
  say(`  ${green('✓')} ${checks.done} checks`);
  if (once) return;
  say(
    [
      '',
      `  Slack      ${cyan(workspace.slack.origin)}  (what Mia and her client see there)`,
      `  Pay page   ${cyan(await payLink(client, ACME))}`,
      `             ${dim('Acme’s own. It leads to the fake Stripe; pay with 4242 4242 4242 4242, any date and CVC.')}`,
      `  API        ${cyan(`${url}/v1`)}`,
      `  API page   ${cyan(`${url}/docs`)}`,
      `  Try        curl '${url}/v1/threshold?customer_id=cus_acme' -H 'authorization: Bearer ${client.key}'`,
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
