import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError, readConfig } from '../../server/config';

const SEAL_KEY = Buffer.alloc(32, 3).toString('base64');
const DATABASE = 'postgres://talktime:s3cret-pass@db.example.com:5432/talktime';

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
      LOG_LEVEL: ' warn ',
    });
    expect(config).toMatchObject({
      production: true,
      storage: { kind: 'postgres', url: DATABASE, ownerUrl: DATABASE, directUrl: DATABASE.replace('5432', '5433') },
      host: '0.0.0.0',
      port: 0,
      publicUrl: 'https://talktime.example.com',
      trustedProxies: 1,
      slack: { botToken: 'xoxb-123-456-abcdef' },
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
    ['SLACK_BOT_TOKEN', { SLACK_BOT_TOKEN: 'xoxp-s3cret-pass', SLACK_SIGNING_SECRET: 'a'.repeat(32) }],
    ['SLACK_BOT_TOKEN', { SLACK_SIGNING_SECRET: 'a'.repeat(32) }],
    ['SLACK_SIGNING_SECRET', { SLACK_BOT_TOKEN: 'xoxb-123-456-abcdef' }],
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

  it('tells every mistake at once', () => {
    expect(complaintsOf({ PORT: 'x', LOG_LEVEL: 'x', HOST: '?' })).toHaveLength(3);
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
