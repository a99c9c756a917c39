import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError, readConfig } from '../../server/config';

const SEAL_KEY = Buffer.alloc(32, 3).toString('base64');
const DATABASE = 'postgres://talktime:s3cret-pass@db.example.com:5432/talktime';

const ONE_WORKSPACE = { SLACK_SIGNING_SECRET: 'a'.repeat(32), SLACK_BOT_TOKEN: 'xoxb-123-456-abcdef' };
const MANY_WORKSPACES = {
  SLACK_SIGNING_SECRET: 'a'.repeat(32),
  SLACK_CLIENT_ID: '1234567890123.9876543210987',
  SLACK_CLIENT_SECRET: 'c'.repeat(32),
  PUBLIC_URL: 'https://talktime.example.com',
};

function complaintsOf(environment: Record<string, string>): ConfigError['complaints'] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.complaints;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('needs nothing to try Talktime out', () => {
    expect(readConfig({})).toEqual({
      production: false,
      storage: { kind: 'embedded' },
      sealKey: null,
      host: '127.0.0.1',
      port: 8080,
      publicUrl: undefined,
      trustedProxies: 0,
      requestsPerMinute: 3000,
      slack: null,
      stripe: null,
      mail: null,
      webhookAddresses: 'any',
      logLevel: 'info',
    });
  });

  it('takes everything, and empty variables as if they were not set', () => {
    const config = readConfig({
      NODE_ENV: 'production',
      DATABASE_URL: DATABASE,
      DATABASE_OWNER_URL: '',
      DATABASE_DIRECT_URL: DATABASE.replace('5432', '5433'),
      TALKTIME_SEAL_KEY: SEAL_KEY,
      HOST: '0.0.0.0',
      PORT: '0',
      PUBLIC_URL: 'https://talktime.example.com/',
      TRUSTED_PROXIES: '1',
      SLACK_BOT_TOKEN: 'xoxb-123-456-abcdef',
      SLACK_SIGNING_SECRET: '8f742231b10e8888abcd99baac67f6ab',
      SLACK_CLIENT_ID: '1234567890123.9876543210987',
      SLACK_CLIENT_SECRET: '33fea0113f5b1b5c8d7c9d1e2f3a4b5c',
      SLACK_APP_TOKEN: 'xapp-1-A0TALKTIME-123-abcdef',
      STRIPE_SECRET_KEY: 'rk_test_51ABCdefGHIjkl',
      STRIPE_WEBHOOK_SECRET: 'whsec_0123456789abcdef',
      STRIPE_CONNECT_WEBHOOK_SECRET: 'whsec_fedcba9876543210',
      SMTP_URL: 'smtps://mail%40example.com:p%2Fw@mail.example.com:465',
      MAIL_FROM: 'Talktime alerts <alerts@example.com>',
      LOG_LEVEL: ' warn ',
    });
    expect(config).toMatchObject({
      production: true,
      storage: { kind: 'postgres', url: DATABASE, ownerUrl: DATABASE, directUrl: DATABASE.replace('5432', '5433') },
      host: '0.0.0.0',
      port: 0,
      publicUrl: 'https://talktime.example.com',
      trustedProxies: 1,
      slack: {
        signingSecret: '8f742231b10e8888abcd99baac67f6ab',
        botToken: 'xoxb-123-456-abcdef',
        oauth: { clientId: '1234567890123.9876543210987', clientSecret: '33fea0113f5b1b5c8d7c9d1e2f3a4b5c' },
        appToken: 'xapp-1-A0TALKTIME-123-abcdef',
      },
      stripe: {
        secretKey: 'rk_test_51ABCdefGHIjkl',
        webhookSecret: 'whsec_0123456789abcdef',
        connectWebhookSecret: 'whsec_fedcba9876543210',
      },
      mail: {
        url: 'smtps://mail%40example.com:p%2Fw@mail.example.com:465',
        from: 'Talktime alerts <alerts@example.com>',
      },
      webhookAddresses: 'public',
      logLevel: 'warn',
    });
    expect(config.sealKey).toEqual(Buffer.alloc(32, 3));
  });

  it.each<[string, Record<string, string>]>([
    ['NODE_ENV', { NODE_ENV: 'prod' }],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://root:s3cret-pass@localhost/db', TALKTIME_SEAL_KEY: SEAL_KEY }],
    ['DATABASE_URL', { DATABASE_URL: 'postgres://localhost', TALKTIME_SEAL_KEY: SEAL_KEY }],
    ['DATABASE_URL', { NODE_ENV: 'production' }],
    ['DATABASE_URL', { DATABASE_OWNER_URL: DATABASE }],
    ['TALKTIME_SEAL_KEY', { DATABASE_URL: DATABASE }],
    ['TALKTIME_SEAL_KEY', { TALKTIME_SEAL_KEY: 's3cret-pass' }],
    ['TALKTIME_SEAL_KEY', { TALKTIME_SEAL_KEY: Buffer.alloc(16).toString('base64') }],
    ['HOST', { HOST: 'http://localhost' }],
    ['PORT', { PORT: '65536' }],
    ['PORT', { PORT: 'eighty' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'talktime.example.com' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://talktime.example.com/?a=1' }],
    ['TRUSTED_PROXIES', { TRUSTED_PROXIES: '-1' }],
    ['RATE_LIMIT_PER_MINUTE', { RATE_LIMIT_PER_MINUTE: '0' }],
    ['STRIPE_SECRET_KEY', { STRIPE_SECRET_KEY: 'pk_live_s3cretpass1234', STRIPE_WEBHOOK_SECRET: 'whsec_0123456789' }],
    ['STRIPE_SECRET_KEY', { STRIPE_WEBHOOK_SECRET: 'whsec_0123456789' }],
    ['STRIPE_SECRET_KEY', { STRIPE_CONNECT_WEBHOOK_SECRET: 'whsec_0123456789' }],
    ['STRIPE_WEBHOOK_SECRET', { STRIPE_SECRET_KEY: 'sk_test_0123456789' }],
    ['STRIPE_WEBHOOK_SECRET', { STRIPE_SECRET_KEY: 'sk_test_0123456789', STRIPE_WEBHOOK_SECRET: 's3cret-pass' }],
    [
      'STRIPE_API_URL',
      {
        STRIPE_SECRET_KEY: 'sk_test_0123456789',
        STRIPE_WEBHOOK_SECRET: 'whsec_0123456789',
        STRIPE_API_URL: 'http://127.0.0.1/v1',
      },
    ],
    ['SLACK_BOT_TOKEN', { SLACK_BOT_TOKEN: 'xoxp-s3cret-pass', SLACK_SIGNING_SECRET: 'a'.repeat(32) }],
    ['SLACK_BOT_TOKEN', { SLACK_SIGNING_SECRET: 'a'.repeat(32) }],
    ['SLACK_SIGNING_SECRET', { SLACK_BOT_TOKEN: 'xoxb-123-456-abcdef' }],
    // A token that rotates would be dead within 12 hours.
    ['SLACK_BOT_TOKEN', { SLACK_BOT_TOKEN: 'xoxe.xoxb-1-s3cret-pass', SLACK_SIGNING_SECRET: 'a'.repeat(32) }],
    ['SLACK_BOT_TOKEN', { SLACK_APP_TOKEN: 'xapp-1-A0-123-abcdef', SLACK_SIGNING_SECRET: 'a'.repeat(32) }],
    ['SLACK_APP_TOKEN', { ...ONE_WORKSPACE, SLACK_APP_TOKEN: 'xoxb-s3cret-pass' }],
    ['SLACK_CLIENT_ID', { ...MANY_WORKSPACES, SLACK_CLIENT_ID: '' }],
    ['SLACK_CLIENT_ID', { ...MANY_WORKSPACES, SLACK_CLIENT_ID: 's3cret-pass' }],
    ['SLACK_CLIENT_SECRET', { ...MANY_WORKSPACES, SLACK_CLIENT_SECRET: '' }],
    ['SLACK_CLIENT_SECRET', { ...ONE_WORKSPACE, ...MANY_WORKSPACES, SLACK_CLIENT_SECRET: '' }],
    ['SLACK_CLIENT_SECRET', { ...MANY_WORKSPACES, SLACK_CLIENT_SECRET: 's3cret-pass!' }],
    ['SLACK_SIGNING_SECRET', { ...MANY_WORKSPACES, SLACK_SIGNING_SECRET: '' }],
    ['PUBLIC_URL', { ...MANY_WORKSPACES, PUBLIC_URL: '' }],
    ['SMTP_URL', { MAIL_FROM: 'alerts@example.com' }],
    ['SMTP_URL', { SMTP_URL: 'https://user:s3cret-pass@mail.example.com', MAIL_FROM: 'alerts@example.com' }],
    ['SMTP_URL', { SMTP_URL: 'smtp://', MAIL_FROM: 'alerts@example.com' }],
    ['MAIL_FROM', { SMTP_URL: 'smtp://user:s3cret-pass@mail.example.com' }],
    ['MAIL_FROM', { SMTP_URL: 'smtp://mail.example.com', MAIL_FROM: 'alerts' }],
    ['MAIL_FROM', { SMTP_URL: 'smtp://mail.example.com', MAIL_FROM: 'a@example.com, b@example.com' }],
    ['LOG_LEVEL', { LOG_LEVEL: 'loud' }],
  ])(
    'complains of %s in %j alone, with what is wrong and an example, and not with its value',
    (variable, environment) => {
      const complaints = complaintsOf(environment);
      expect(complaints.map((complaint) => complaint.variable)).toEqual([variable]);
      const { message } = new ConfigError(complaints);
      expect(message).toContain(`\n    for example: ${variable}=`);
      expect(message).not.toMatch(/s3cret-pass|loud|eighty/);
    },
  );

  it('takes one workspace, many, or both', () => {
    expect(readConfig(ONE_WORKSPACE).slack).toMatchObject({ botToken: 'xoxb-123-456-abcdef', oauth: null });
    expect(readConfig(MANY_WORKSPACES).slack).toMatchObject({
      botToken: null,
      oauth: { clientSecret: 'c'.repeat(32) },
    });
    expect(readConfig({ ...ONE_WORKSPACE, ...MANY_WORKSPACES }).slack).toMatchObject({
      botToken: 'xoxb-123-456-abcdef',
      oauth: { clientId: '1234567890123.9876543210987' },
      appToken: null,
    });
  });

  it.each([
    ['smtp://mail.example.com', 'alerts@example.com'],
    ['smtps://user:pass@mail.example.com:465/', 'Brightline Alerts <alerts@example.com>'],
    ['smtp://localhost:1025?ignoreTLS=true', '"Bright, Line" <alerts@example.com>'],
  ])('takes e-mail by %s from %s', (url, from) => {
    expect(readConfig({ SMTP_URL: url, MAIL_FROM: from }).mail).toEqual({ url, from });
  });

  it('tells every mistake at once', () => {
    expect(complaintsOf({ PORT: 'x', LOG_LEVEL: 'x', HOST: '?' })).toHaveLength(3);
    const missing = complaintsOf({
      SLACK_CLIENT_ID: '1234567890123.9876543210987',
      SMTP_URL: 'smtp://mail.example.com',
    });
    expect(missing.map(({ variable }) => variable)).toEqual([
      'SLACK_SIGNING_SECRET',
      'SLACK_CLIENT_SECRET',
      'PUBLIC_URL',
      'MAIL_FROM',
    ]);
  });
});

describe('npm start with a bad configuration', () => {
  it('ends with 1, says which variable, and starts nothing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'talktime-config-'));
    const root = resolve(__dirname, '../..');
    const started = spawnSync(
      process.execPath,
      ['--import', join(root, 'node_modules/tsx/dist/loader.mjs'), join(root, 'server/main.ts')],
      {
        cwd: folder,
        encoding: 'utf8',
        env: { PATH: process.env.PATH, NODE_ENV: 'production', PORT: 'eighty', SLACK_BOT_TOKEN: 'a-s3cret-token' },
      },
    );
    expect(started.status).toBe(1);
    expect(started.stdout).toBe('');
    for (const variable of ['PORT', 'DATABASE_URL', 'SLACK_BOT_TOKEN'])
      expect(started.stderr).toContain(`  ${variable} `);
    expect(started.stderr).not.toMatch(/s3cret|eighty|\n {4}at /);
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});
