import type { WebhookAddresses } from '@talktime/core/alerts';
import type { StripeOptions } from '@talktime/core/payments';
import { z } from 'zod';
import type { LogLevel } from './logging';

/** Where the ledger is kept. */
export type Storage =
  | { readonly kind: 'postgres'; readonly url: string; readonly ownerUrl: string; readonly directUrl: string }
  | { readonly kind: 'embedded' };

export interface Config {
  readonly production: boolean;
  readonly storage: Storage;
  /** 32 bytes that provider secrets are sealed with; null: made once and kept beside the embedded data. */
  readonly sealKey: Buffer | null;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | undefined;
  readonly trustedProxies: number;
  readonly requestsPerMinute: number;
  readonly slack: SlackConfig | null;
  readonly stripe: StripeOptions | null;
  /** The server that e-mail goes out by, and whom it is from. */
  readonly mail: { readonly url: string; readonly from: string } | null;
  /** Where outgoing webhooks may go. On a machine of one's own, `any`: what listens is likely on it, too. */
  readonly webhookAddresses: WebhookAddresses;
  readonly logLevel: LogLevel;
}

export interface SlackConfig {
  readonly signingSecret: string;
  /** Of the one workspace; with `oauth`, of the one that the app was installed in by hand. */
  readonly botToken: string | null;
  /** Lets any number of workspaces install the app. */
  readonly oauth: { readonly clientId: string; readonly clientSecret: string } | null;
  /** Switches Socket Mode on. */
  readonly appToken: string | null;
}

/** Something wrong with a variable. It never says what the variable holds: that may be a secret. */
export interface Complaint {
  readonly variable: string;
  readonly wrong: string;
  readonly example: string;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly complaints: readonly Complaint[]) {
    super(
      [
        'Talktime cannot start with this configuration.',
        ...complaints.map(
          ({ variable, wrong, example }) => `  ${variable} ${wrong}\n    for example: ${variable}=${example}`,
        ),
        'docs/operators.md explains every variable.',
      ].join('\n\n'),
    );
  }
}

const postgresUrl = z.string().refine((text) => /^postgres(ql)?:\/\/[^/]+\/[^/]+/.test(text) && URL.canParse(text));
const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most));

interface Variable {
  readonly form: z.ZodType;
  /** Completes "NAME …". */
  readonly wrong: string;
  readonly example: string;
}

const POSTGRES_EXAMPLE = 'postgres://talktime:PASSWORD@db.example.com:5432/talktime';

const VARIABLES = {
  NODE_ENV: {
    form: z.enum(['development', 'production', 'test']),
    wrong: 'must be development, production or test',
    example: 'production',
  },
  DATABASE_URL: { form: postgresUrl, wrong: 'must be the address of a PostgreSQL database', example: POSTGRES_EXAMPLE },
  DATABASE_OWNER_URL: {
    form: postgresUrl,
    wrong: 'must be the address of a PostgreSQL database',
    example: POSTGRES_EXAMPLE,
  },
  DATABASE_DIRECT_URL: {
    form: postgresUrl,
    wrong: 'must be the address of a PostgreSQL database',
    example: POSTGRES_EXAMPLE,
  },
  TALKTIME_SEAL_KEY: {
    form: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
    wrong: 'must be 32 random bytes in base64 (44 characters). Make one with: openssl rand -base64 32',
    example: 'x0o3…44 characters…Zk8=',
  },
  HOST: {
    form: z.string().regex(/^[A-Za-z0-9.:_-]{1,255}$/),
    wrong: 'must be an address or a name to listen on',
    example: '0.0.0.0',
  },
  PORT: { form: wholeNumber(0, 65535), wrong: 'must be a whole number from 0 to 65535', example: '8080' },
  PUBLIC_URL: {
    form: z
      .string()
      .regex(/^https?:\/\/[^/?#\s]+(\/[^?#\s]*)?$/)
      .refine((text) => URL.canParse(text))
      .transform((text) => text.replace(/\/+$/, '')),
    wrong: 'must be the http(s) address at which the service is reached from outside',
    example: 'https://talktime.example.com',
  },
  TRUSTED_PROXIES: {
    form: wholeNumber(0, 10),
    wrong: 'must be the number of proxies in front of the service, 0 to 10',
    example: '1',
  },
  RATE_LIMIT_PER_MINUTE: {
    form: wholeNumber(1, 1_000_000),
    wrong: 'must be how many requests a minute a key may make',
    example: '3000',
  },
  SLACK_BOT_TOKEN: {
    // xoxe.xoxb-… is a token that rotates: it would be dead within 12 hours.
    form: z.string().regex(/^xoxb-[A-Za-z0-9-]{10,}$/),
    wrong: 'must be the bot token of the Slack app, one that does not rotate (rotating ones need SLACK_CLIENT_ID)',
    example: 'xoxb-…',
  },
  SLACK_CLIENT_ID: {
    form: z.string().regex(/^\d{3,24}\.\d{3,24}$/),
    wrong: 'must be the client id of the Slack app (Basic Information)',
    example: '1234567890123.1234567890123',
  },
  SLACK_CLIENT_SECRET: {
    form: z.string().regex(/^[A-Za-z0-9]{16,128}$/),
    wrong: 'must be the client secret of the Slack app (Basic Information)',
    example: '33fea0113f5b1b5c8d7c9d1e2f3a4b5c',
  },
  SLACK_APP_TOKEN: {
    form: z.string().regex(/^xapp-[A-Za-z0-9-]{10,}$/),
    wrong: 'must be an app-level token of the Slack app with the scope connections:write',
    example: 'xapp-…',
  },
  SLACK_SIGNING_SECRET: {
    form: z.string().regex(/^[A-Za-z0-9]{16,128}$/),
    wrong: 'must be the signing secret of the Slack app (Basic Information)',
    example: '8f742231b10e8888abcd99yyyzzz85a5',
  },
  STRIPE_SECRET_KEY: {
    form: z.string().regex(/^(sk|rk)_(test|live)_[A-Za-z0-9]{10,250}$/),
    wrong: 'must be a secret key of Stripe, or better a restricted one',
    example: 'rk_live_…',
  },
  STRIPE_WEBHOOK_SECRET: {
    form: z.string().regex(/^whsec_[A-Za-z0-9+/=_-]{10,250}$/),
    wrong: "must be the signing secret of the webhook endpoint for the account's own events",
    example: 'whsec_…',
  },
  STRIPE_CONNECT_WEBHOOK_SECRET: {
    form: z.string().regex(/^whsec_[A-Za-z0-9+/=_-]{10,250}$/),
    wrong: 'must be the signing secret of the webhook endpoint for events of connected accounts',
    example: 'whsec_…',
  },
  STRIPE_API_URL: {
    form: z
      .string()
      .regex(/^https?:\/\/[^/?#\s]+$/)
      .refine((text) => URL.canParse(text)),
    wrong: 'must be the address of something that answers as Stripe does, for a test; leave it out to use Stripe',
    example: 'http://127.0.0.1:12111',
  },
  SMTP_URL: {
    form: z
      .string()
      .regex(/^smtps?:\/\/[^\s/?#]+\/?(\?[^\s#]*)?$/)
      .refine((text) => URL.canParse(text) && new URL(text).hostname !== ''),
    wrong: 'must be the smtp:// or smtps:// address of the server that e-mail goes out by',
    example: 'smtps://USER:PASSWORD@mail.example.com:465',
  },
  MAIL_FROM: {
    // An address, or a name and an address in angle brackets. No line break: it goes into a header.
    form: z.string().regex(/^(?:[^\s<>@,;"]+@[^\s<>@,;"]+|[^<>@\r\n]{1,100}<[^\s<>@,;"]+@[^\s<>@,;"]+>)$/),
    wrong: 'must be the address that e-mail is from, with or without a name',
    example: 'Talktime <alerts@example.com>',
  },
  WEBHOOK_ADDRESSES: {
    form: z.enum(['public', 'any']),
    wrong: 'must say where outgoing webhooks may go: public (the internet alone) or any (private networks too)',
    example: 'public',
  },
  LOG_LEVEL: {
    form: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    wrong: 'must be fatal, error, warn, info, debug, trace or silent',
    example: 'info',
  },
} as const satisfies Record<string, Variable>;

type Name = keyof typeof VARIABLES;
type Values = { [N in Name]?: z.output<(typeof VARIABLES)[N]['form']> };

/**
 * Reads the configuration from the environment. An empty variable is as if it were not set.
 *
 * @throws ConfigError that tells every mistake at once
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const complaints: Complaint[] = [];
  const complain = (variable: Name, wrong: string = VARIABLES[variable].wrong) =>
    complaints.push({ variable, wrong, example: VARIABLES[variable].example });

  const values: Record<string, unknown> = {};
  for (const [name, { form }] of Object.entries<Variable>(VARIABLES)) {
    const text = environment[name]?.trim();
    if (!text) continue;
    const parsed = form.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else complain(name as Name);
  }
  const given = values as Values;
  const isSet = (name: Name) => Boolean(environment[name]?.trim());

  if (given.NODE_ENV === 'production' && !isSet('DATABASE_URL')) {
    complain(
      'DATABASE_URL',
      'is required when NODE_ENV is production: the embedded PostgreSQL is for trying Talktime out',
    );
  }
  if (isSet('DATABASE_URL') && !isSet('TALKTIME_SEAL_KEY')) {
    complain(
      'TALKTIME_SEAL_KEY',
      "is required with DATABASE_URL: it seals the providers' secrets. Make one with: openssl rand -base64 32",
    );
  }
  for (const name of ['DATABASE_OWNER_URL', 'DATABASE_DIRECT_URL'] as const) {
    if (isSet(name) && !isSet('DATABASE_URL')) complain('DATABASE_URL', `is required with ${name}`);
  }
  complainOfSlack();
  for (const [one, other] of [
    ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
    ['STRIPE_WEBHOOK_SECRET', 'STRIPE_SECRET_KEY'],
    ['STRIPE_CONNECT_WEBHOOK_SECRET', 'STRIPE_SECRET_KEY'],
    ['STRIPE_API_URL', 'STRIPE_SECRET_KEY'],
  ] as const) {
    if (isSet(one) && !isSet(other))
      complain(other, `is required with ${one}: payments need a key, and a secret to know Stripe's webhooks by`);
  }
  for (const [one, other] of [
    ['SMTP_URL', 'MAIL_FROM'],
    ['MAIL_FROM', 'SMTP_URL'],
  ] as const) {
    if (isSet(one) && !isSet(other))
      complain(other, `is required with ${one}: e-mail needs a server and an address that it is from`);
  }
  if (complaints.length > 0) throw new ConfigError(complaints);

  const { DATABASE_URL: url } = given;
  return {
    production: given.NODE_ENV === 'production',
    storage:
      url === undefined
        ? { kind: 'embedded' }
        : {
            kind: 'postgres',
            url,
            ownerUrl: given.DATABASE_OWNER_URL ?? url,
            directUrl: given.DATABASE_DIRECT_URL ?? url,
          },
    sealKey: given.TALKTIME_SEAL_KEY === undefined ? null : Buffer.from(given.TALKTIME_SEAL_KEY, 'base64'),
    host: given.HOST ?? '127.0.0.1',
    port: given.PORT ?? 8080,
    publicUrl: given.PUBLIC_URL,
    trustedProxies: given.TRUSTED_PROXIES ?? 0,
    requestsPerMinute: given.RATE_LIMIT_PER_MINUTE ?? 3000,
    slack: slackOf(given),
    stripe: stripeOf(given),
    mail: given.SMTP_URL && given.MAIL_FROM ? { url: given.SMTP_URL, from: given.MAIL_FROM } : null,
    webhookAddresses: given.WEBHOOK_ADDRESSES ?? (url === undefined ? 'any' : 'public'),
    logLevel: given.LOG_LEVEL ?? 'info',
  };

  function complainOfSlack(): void {
    const byOAuth = isSet('SLACK_CLIENT_ID') || isSet('SLACK_CLIENT_SECRET');
    const installable = isSet('SLACK_BOT_TOKEN') || byOAuth;
    if (installable && !isSet('SLACK_SIGNING_SECRET'))
      complain(
        'SLACK_SIGNING_SECRET',
        "is required with the Slack app's other variables: requests are checked with it",
      );
    if (!installable && (isSet('SLACK_SIGNING_SECRET') || isSet('SLACK_APP_TOKEN')))
      complain(
        'SLACK_BOT_TOKEN',
        'is missing: the Slack app needs its bot token (one workspace), or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET (any number)',
      );
    if (!byOAuth) return;
    for (const name of ['SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET'] as const) {
      if (!isSet(name)) complain(name, 'is missing: workspaces install the app by its client id and client secret');
    }
    if (!isSet('PUBLIC_URL'))
      complain('PUBLIC_URL', 'is required with SLACK_CLIENT_ID: Slack sends browsers back to it');
  }
}

function stripeOf(given: Values): StripeOptions | null {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret } = given;
  if (!secretKey || !webhookSecret) return null;
  return {
    secretKey,
    webhookSecret,
    connectWebhookSecret: given.STRIPE_CONNECT_WEBHOOK_SECRET,
    apiUrl: given.STRIPE_API_URL,
  };
}

function slackOf(given: Values): SlackConfig | null {
  const { SLACK_SIGNING_SECRET: signingSecret, SLACK_CLIENT_ID: clientId, SLACK_CLIENT_SECRET: clientSecret } = given;
  if (!signingSecret) return null;
  return {
    signingSecret,
    botToken: given.SLACK_BOT_TOKEN ?? null,
    oauth: clientId && clientSecret ? { clientId, clientSecret } : null,
    appToken: given.SLACK_APP_TOKEN ?? null,
  };
}
