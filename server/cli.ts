/** `npm run talktime -- …`: what the host does without the API. */
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { createApiKey, listApiKeys, revokeApiKey, Sealer, type Actor } from '@talktime/core/access';
import { assignCall, dismissCall, listSuspense, type Talktime } from '@talktime/core/calls';
import {
  apiKeyCreate,
  deliveryState,
  dismissal,
  meteringQuery,
  partnerCreate,
  suspenseAssignment,
  TalktimeError,
} from '@talktime/core/contract';
import { createPartner, getPartner, listPartners } from '@talktime/core/customers';
import { Database, migrate } from '@talktime/core/database';
import { AnchorsUnreadable, Ledger } from '@talktime/core/ledger';
import { paymentContext, StripeAccess, type PaymentContext } from '@talktime/core/payments';
import { z } from 'zod';
import { runDoctor } from './commands/doctor';
import { runExport } from './commands/export';
import { runImport } from './commands/import';
import { printInbox, replayFromInbox } from './commands/inbox';
import { FORMATS, RECORD_KINDS, RecordsUnreadable } from './commands/records';
import { runReconcileMetering } from './commands/metering';
import { runPaymentStory, runReconcile } from './commands/reconcile';
import { runVerify } from './commands/verify';
import { ConfigError, readConfig, type Config } from './config';
import { Lifecycle } from './lifecycle';
import { createInstallLink, slackInstallAddress } from './slack-links';
import { openStorage, type OpenStorage } from './storage';

const HELP = `Usage: npm run talktime -- <command>

  migrate                                   bring the database up to date
  partners list                             the partners, with their balances
  partners create --name NAME [--currency USD] [--credit-value 0.01]
  keys list [--partner ID]                  a partner's API keys; the host's without --partner
  keys create --name NAME --scopes read,deduct [--partner ID] [--customer ID]
                                            prints the key, this once; --scopes host without --partner
  keys revoke KEY_ID [--partner ID]
  suspense list --partner ID                calls that wait for somebody to say whose they are
  suspense assign CALL_ID --partner ID --customer ID [--map agent|phone_number|metadata]
  suspense dismiss CALL_ID --partner ID --reason TEXT
  inbox list --partner ID [--state STATE]    what providers delivered, and what became of it
  inbox replay DELIVERY_ID --partner ID      work on a delivery again, after a fix
  slack link --partner ID                   prints a link that installs the Slack app for a partner, once, within the hour
  doctor --partner ID [--customer ID] [--json]
                                            what is wrong with a customer's set-up, or with the partner's own
  verify [--partner ID] [--anchor FILE] [--json]
                                            recomputes the ledger from entry zero; --anchor also compares its seals
                                            with those in FILE, and adds the newest to it
  reconcile stripe [--partner ID] [--since 2026-11-01] [--mend] [--json]
                                            compares Stripe with the ledger, both ways, and names every difference
                                            (of the last 7 days); --mend mends what can be mended
  reconcile stripe --payment pi_…|pay_… [--mend] [--json]
                                            paid, but not credited? All about one payment; --mend credits it
  reconcile metering --partner ID [--from 2026-11-01] [--to 2026-11-30] [--json]
                                            what metered customers used, by day, beside what Stripe's meters have
  export customers|balances|history --partner ID [--customer ID] [--at MOMENT] [--format csv|jsonl]
                                            prints records; --customer: the history of one; --at: balances or history
                                            as they stood then
  import customers|balances|history FILE --partner ID [--dry-run] [--format csv|jsonl]
                                            takes records in, each once; --dry-run says what would happen

Works on the database of DATABASE_URL, else on the embedded one in .talktime/, also while npm start runs.
Exit codes: 0 done, 1 refused, failed, or found by verify, reconcile or doctor, 2 not understood or not compared.
`;

const ACTOR: Actor = { id: 'cli', host: true };
const print = (text: string) => void process.stdout.write(`${text}\n`);

/** A command line that is not understood. */
class UsageError extends Error {}

interface Invocation {
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
  /** Options without a value that were given. */
  readonly flags: ReadonlySet<string>;
}

/** What commands work with: the core, and the configuration for what the service is told by it. */
interface Means extends Talktime {
  readonly config: Config;
}

interface Command {
  readonly options: readonly string[];
  /** Options without a value. */
  readonly flags?: readonly string[];
  /** What follows the command's name. */
  readonly arguments: readonly string[];
  /** Answers the exit code, unless it is 0. */
  run(means: Means, invocation: Invocation): Promise<number | void>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  migrate: {
    options: [],
    arguments: [],
    run: async () => undefined, // done before every command's run
  },

  'partners list': {
    options: [],
    arguments: [],
    async run({ database }) {
      const partners = await listPartners(database);
      if (partners.length === 0) print('There is no partner yet.');
      for (const { id, name, balance } of partners) print(`${id}  ${balance.posted} credits  ${name}`);
    },
  },

  'partners create': {
    options: ['name', 'currency', 'credit-value'],
    arguments: [],
    async run({ database }, { options }) {
      const input = parse(partnerCreate, {
        name: options.name,
        currency: options.currency,
        credit_value: options['credit-value'],
      });
      const { id } = await createPartner(database, ACTOR, input);
      print(id);
    },
  },

  'keys list': {
    options: ['partner'],
    arguments: [],
    async run({ database }, { options }) {
      const keys = await listApiKeys(database, partnerOrHost(options));
      if (keys.length === 0) print('There is no key.');
      for (const { id, name, scopes, customer_id, revoked_at } of keys) {
        print(
          [
            id,
            revoked_at ? 'revoked' : 'live',
            scopes.join(','),
            name,
            ...(customer_id ? [`(${customer_id} only)`] : []),
          ].join('  '),
        );
      }
    },
  },

  'keys create': {
    options: ['name', 'scopes', 'partner', 'customer'],
    arguments: [],
    async run({ database }, { options }) {
      const scopes = required(options, 'scopes')
        .split(',')
        .map((scope) => scope.trim());
      const input = parse(apiKeyCreate, { name: options.name, scopes, customer_id: options.customer });
      const { id, key } = await createApiKey(database, partnerOrHost(options), ACTOR, input);
      process.stderr.write(`${id}: the key is shown this once.\n`);
      print(key);
    },
  },

  'keys revoke': {
    options: ['partner'],
    arguments: ['KEY_ID'],
    async run({ database }, { options, positionals: [keyId] }) {
      await revokeApiKey(database, partnerOrHost(options), ACTOR, keyId!);
      print(`${keyId} is revoked.`);
    },
  },

  'suspense list': {
    options: ['partner'],
    arguments: [],
    async run({ database }, { options }) {
      const partnerId = partner(options);
      let cursor: string | undefined;
      let count = 0;
      do {
        const page = await listSuspense(database, partnerId, { limit: 200, cursor });
        for (const call of page.items) {
          print(
            `${call.call_id}  ${call.received_at}  ${call.reason}  ${call.raw_seconds} s  ${call.provider} ${call.provider_call_id}  agent ${call.agent_id ?? '-'}  to ${call.to_number ?? '-'}`,
          );
        }
        count += page.items.length;
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      if (count === 0) print('No call waits.');
    },
  },

  'suspense assign': {
    options: ['partner', 'customer', 'map'],
    arguments: ['CALL_ID'],
    async run(talktime, { options, positionals: [callId] }) {
      const { customer_id, map } = parse(suspenseAssignment, { customer_id: options.customer, map: options.map });
      const result = await assignCall(talktime, partner(options), ACTOR, uuid(callId!, 'CALL_ID'), customer_id, map);
      print(
        result.outcome === 'deducted'
          ? `Charged ${-result.amount} credits; the balance is ${result.balance_after}.`
          : `${result.outcome}: ${result.message}`,
      );
    },
  },

  'suspense dismiss': {
    options: ['partner', 'reason'],
    arguments: ['CALL_ID'],
    async run(talktime, { options, positionals: [callId] }) {
      const { reason } = parse(dismissal, { reason: options.reason });
      await dismissCall(talktime, partner(options), ACTOR, uuid(callId!, 'CALL_ID'), reason);
      print(`${callId} is closed, uncharged.`);
    },
  },

  'inbox list': {
    options: ['partner', 'state'],
    arguments: [],
    async run(talktime, { options }) {
      const state = parse(deliveryState.optional(), options.state);
      await printInbox(talktime, partner(options), state, print);
    },
  },

  'inbox replay': {
    options: ['partner'],
    arguments: ['DELIVERY_ID'],
    async run(talktime, { options, positionals: [deliveryId] }) {
      await replayFromInbox(talktime, partner(options), uuid(deliveryId!, 'DELIVERY_ID'), print);
    },
  },

  'slack link': {
    options: ['partner'],
    arguments: [],
    async run({ database, config }, { options }) {
      const address = slackInstallAddress(config.slack, config.publicUrl);
      if (address === undefined)
        throw new TalktimeError(
          'SLACK_NOT_INSTALLABLE',
          'Set SLACK_CLIENT_ID, SLACK_CLIENT_SECRET, SLACK_SIGNING_SECRET and PUBLIC_URL: workspaces install the app by them.',
        );
      const partnerId = partner(options);
      await getPartner(database, partnerId);
      const { url, expires_at } = await createInstallLink(database, partnerId, ACTOR, address);
      process.stderr.write(`It works once, until ${expires_at}, and makes whoever uses it an owner.\n`);
      print(url);
    },
  },

  doctor: {
    options: ['partner', 'customer'],
    flags: ['json'],
    arguments: [],
    run: ({ database, config }, { options, flags }) =>
      runDoctor(
        database,
        {
          partnerId: partner(options),
          customerId: options.customer,
          takesPayments: config.stripe !== null,
          json: flags.has('json'),
        },
        print,
      ),
  },

  verify: {
    options: ['partner', 'anchor'],
    flags: ['json'],
    arguments: [],
    async run({ database }, { options, flags }) {
      const partnerId = partnerOrHost(options) ?? undefined;
      try {
        return await runVerify(database, { partnerId, anchorFile: options.anchor, json: flags.has('json') }, print);
      } catch (error) {
        throw error instanceof AnchorsUnreadable ? new UsageError(error.message) : error;
      }
    },
  },

  'reconcile metering': {
    options: ['partner', 'from', 'to'],
    flags: ['json'],
    arguments: [],
    run: (means, { options, flags }) => {
      const { from, to } = parse(meteringQuery, { from: options.from, to: options.to });
      return runReconcileMetering(
        payments(means),
        { partnerId: partner(options), from, to, json: flags.has('json') },
        print,
      );
    },
  },

  'reconcile stripe': {
    options: ['partner', 'since', 'payment'],
    flags: ['mend', 'json'],
    arguments: [],
    async run(means, { options, flags }) {
      const how = { partnerId: partnerOrHost(options), mend: flags.has('mend'), json: flags.has('json') };
      const { payment: id } = options;
      if (id === undefined) return runReconcile(payments(means), { since: since(options.since), ...how }, print);
      if (!/^(pi|pay)_[A-Za-z0-9]{1,100}$/.test(id)) throw new UsageError('--payment is an id such as pi_… or pay_….');
      if (options.since !== undefined) throw new UsageError('--since goes without --payment.');
      return runPaymentStory(payments(means), { id, ...how }, print);
    },
  },

  export: {
    options: ['partner', 'customer', 'at', 'format'],
    arguments: ['customers|balances|history'],
    async run({ database }, { options, positionals: [kind] }) {
      const of = oneOf(RECORD_KINDS, kind!, 'What is exported');
      if (options.customer !== undefined && of !== 'history') throw new UsageError('--customer goes with history.');
      if (options.at !== undefined && of === 'customers') throw new UsageError('--at goes with balances and history.');
      await runExport(
        database,
        {
          kind: of,
          partnerId: partner(options),
          format: oneOf(FORMATS, options.format ?? 'csv', '--format'),
          customerId: options.customer,
          at: options.at === undefined ? undefined : moment(options.at),
        },
        write,
      );
    },
  },

  import: {
    options: ['partner', 'format'],
    flags: ['dry-run'],
    arguments: ['customers|balances|history', 'FILE'],
    async run({ ledger }, { options, flags, positionals: [kind, file] }) {
      const format = options.format ?? (/\.(jsonl|ndjson)$/i.test(file!) ? 'jsonl' : 'csv');
      try {
        return await runImport(
          ledger,
          {
            kind: oneOf(RECORD_KINDS, kind!, 'What is imported'),
            partnerId: partner(options),
            actor: ACTOR,
            format: oneOf(FORMATS, format, '--format'),
            text: contentOf(file!),
            dryRun: flags.has('dry-run'),
          },
          print,
        );
      } catch (error) {
        throw error instanceof RecordsUnreadable
          ? new UsageError(`${file} was not imported:\n${error.message}`)
          : error;
      }
    },
  },
};

async function main(lifecycle: Lifecycle, words: string[]): Promise<number> {
  if (words.length === 0 || words.includes('--help') || words[0] === 'help') {
    print(HELP.trimEnd());
    return 0;
  }
  const { command, invocation } = understand(words);
  if (existsSync('.env')) process.loadEnvFile('.env');
  const config = readConfig(process.env);
  lifecycle.stopOnSignals(() => undefined);
  const storage = await lifecycle.open(() => openStorage(config, { share: true }));
  // Somebody else's database is brought up to date when they say so; the embedded one may be new.
  if (command === COMMANDS.migrate || storage.kind === 'embedded') {
    const ran = await migrate(storage.ownerUrl);
    if (command === COMMANDS.migrate) print(ran.length > 0 ? `Ran ${ran.join(', ')}.` : 'The database is up to date.');
  }
  return (await command.run({ ...(await openTalktime(lifecycle, storage)), config }, invocation)) ?? 0;
}

async function openTalktime(lifecycle: Lifecycle, storage: OpenStorage): Promise<Talktime> {
  const database = new Database({ url: storage.url, connections: 2, preparedStatements: false });
  await lifecycle.open(async () => ({ stop: () => database.close() }));
  return { database, ledger: new Ledger(database), sealer: new Sealer(storage.sealKey) };
}

function understand(words: readonly string[]): { command: Command; invocation: Invocation } {
  const name = words.slice(0, 2).join(' ') in COMMANDS ? words.slice(0, 2).join(' ') : words[0]!;
  const command = COMMANDS[name];
  if (!command) throw new UsageError(`There is no command "${words.slice(0, 2).join(' ')}".`);
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const option of command.options) options[option] = { type: 'string' };
  for (const flag of command.flags ?? []) options[flag] = { type: 'boolean' };
  try {
    const { values, positionals } = parseArgs({
      args: words.slice(name.split(' ').length),
      options,
      allowPositionals: true,
      strict: true,
    });
    if (positionals.length !== command.arguments.length) {
      throw new UsageError(
        `"${name}" takes ${command.arguments.length === 0 ? 'options only' : command.arguments.join(' ')}.`,
      );
    }
    const flags = new Set((command.flags ?? []).filter((flag) => values[flag] === true));
    return { command, invocation: { positionals, options: values as Invocation['options'], flags } };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError((error as Error).message.split('. ')[0]);
  }
}

function parse<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new UsageError(z.prettifyError(parsed.error));
}

function required(options: Invocation['options'], name: string): string {
  const value = options[name];
  if (value === undefined) throw new UsageError(`--${name} is missing.`);
  return value;
}

function oneOf<T extends string>(known: readonly T[], word: string, what: string): T {
  const found = known.find((each) => each === word);
  if (found === undefined) throw new UsageError(`${what} is one of ${known.join(', ')}, not "${word}".`);
  return found;
}

function moment(text: string): Date {
  const parsed = z.iso.datetime({ offset: true }).safeParse(text);
  if (!parsed.success) throw new UsageError('--at is a moment such as 2026-11-30T23:59:59Z.');
  return new Date(text);
}

const COMPARED_DAYS = 7;

/** A day, in UTC, or a moment. */
function since(text: string | undefined): Date {
  if (text === undefined) return new Date(Date.now() - COMPARED_DAYS * 24 * 60 * 60 * 1000);
  const parsed = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).safeParse(text);
  if (!parsed.success) throw new UsageError('--since is a day such as 2026-11-01, or a moment.');
  return new Date(text);
}

function payments({ database, ledger, config }: Means): PaymentContext {
  if (config.stripe)
    return paymentContext({
      database,
      ledger,
      stripe: new StripeAccess(config.stripe),
      publicUrl: config.publicUrl,
    });
  throw new UsageError('Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET, as for the service: Stripe is asked.');
}

/** Larger files are split: a file is read as a whole before anything of it is done. */
const LARGEST_FILE = 100_000_000;

function contentOf(file: string): string {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new UsageError(`There is no file ${file}.`);
  if (size > LARGEST_FILE) throw new UsageError(`${file} is larger than 100 MB. Split it; records go in once anyway.`);
  return readFileSync(file, 'utf8');
}

/** To standard output, no faster than it is read. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

function partner(options: Invocation['options']): string {
  return uuid(required(options, 'partner'), '--partner');
}

function partnerOrHost(options: Invocation['options']): string | null {
  return options.partner === undefined ? null : partner(options);
}

function uuid(text: string, what: string): string {
  const parsed = z.uuid().safeParse(text.toLowerCase());
  if (!parsed.success) throw new UsageError(`${what} must be an id such as 018f5f0e-7a5b-5c1d-9a43-1f2d3c4b5a69.`);
  return parsed.data;
}

const lifecycle = new Lifecycle();
main(lifecycle, process.argv.slice(2)).then(
  (code) => lifecycle.exit(code),
  async (error: unknown) => {
    if (await lifecycle.isStopping()) return;
    const usage = error instanceof UsageError;
    const plain = usage || error instanceof ConfigError;
    const reason =
      error instanceof TalktimeError
        ? `${error.code}: ${error.detail}`
        : error instanceof Error
          ? plain
            ? error.message
            : error.stack
          : String(error);
    process.stderr.write(`${reason}\n${usage ? '\n--help shows the commands.\n' : ''}`);
    lifecycle.exit(usage ? 2 : 1);
  },
);
