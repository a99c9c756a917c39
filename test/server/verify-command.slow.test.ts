import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sealPartner } from '@talktime/core/ledger';
import type { TestDatabase } from '../setup/database';
import { World } from '../setup/world';

const ROOT = resolve(__dirname, '../..');

describe('talktime verify, on the command line', () => {
  let test: TestDatabase;
  let world: World;
  let folder: string;
  beforeAll(async () => {
    test = await World.open();
    world = await World.create(test);
    await world.customer('acme', '100');
    await world.call({ seconds: 61, customerId: 'acme' });
    await sealPartner(test.database, world.partnerId);
    folder = mkdtempSync(join(tmpdir(), 'talktime-verify-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await test.drop();
  });

  function run(...words: string[]) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), join(ROOT, 'server/cli.ts'), 'verify', ...words],
      {
        cwd: folder,
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          DATABASE_URL: test.url,
          TALKTIME_SEAL_KEY: Buffer.alloc(32, 7).toString('base64'),
        },
      },
    );
    return { status, stdout, stderr };
  }

  it('ends with 0 when everything holds, and anchors the newest seal once', () => {
    expect(run('--anchor', 'seals.jsonl')).toEqual({
      status: 0,
      stderr: '',
      stdout: [
        'Recomputed from entry zero: 1 partners, 2 wallets, 2 postings, 2 operations, 1 calls, 1 seals.',
        'Everything holds.',
        '0 seals were compared with seals.jsonl, and 1 new ones added to it.\n',
      ].join('\n'),
    });
    const anchored = readFileSync(join(folder, 'seals.jsonl'), 'utf8');
    expect(JSON.parse(anchored)).toMatchObject({ partner: world.partnerId, seal: '1' });
    expect(run('--partner', world.partnerId, '--anchor', 'seals.jsonl').stdout).toContain('1 seals were compared');
    expect(readFileSync(join(folder, 'seals.jsonl'), 'utf8')).toBe(anchored);
  });

  it('ends with 2 when it is not understood, or the anchor file is none', () => {
    expect(run('--partner', 'x')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--partner must be an id'),
    });
    expect(run('everything')).toMatchObject({ status: 2 });
    writeFileSync(join(folder, 'other.txt'), 'hello\n');
    expect(run('--anchor', 'other.txt')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('Line 1 of the anchor file is not a seal'),
    });
  });

  it('ends with 1 when there is no such partner', () => {
    const nobody = '00000000-0000-4000-8000-000000000000';
    expect(run('--partner', nobody)).toMatchObject({ status: 1, stderr: expect.stringContaining('PARTNER_NOT_FOUND') });
  });

  it('ends with 1 and names what it found, and leaves the anchors alone', async () => {
    await test.superuser('alter table talktime.transfers disable trigger all');
    await test.superuser(`update talktime.transfers set at = at + interval '1 second' where debit_account = 1`);
    const anchored = readFileSync(join(folder, 'seals.jsonl'), 'utf8');
    const { status, stdout } = run('--anchor', 'seals.jsonl');
    expect(status).toBe(1);
    expect(stdout).toMatch(
      new RegExp(
        `CHAIN_BROKEN  .*\\n    partner ${world.partnerId}, wallet 1, posting 2, operation [0-9a-f-]+\\n    expected`,
      ),
    );
    expect(stdout).toContain('The ledger is not what was posted.');
    expect(readFileSync(join(folder, 'seals.jsonl'), 'utf8')).toBe(anchored);

    const report = JSON.parse(run('--json').stdout);
    expect(report).toMatchObject({
      holds: false,
      partners: [{ partner_id: world.partnerId, wallets: 2, newest_seal: { seal: 1 } }],
      findings: expect.arrayContaining([
        expect.objectContaining({ code: 'CHAIN_BROKEN', wallet_id: 1, sequence: 2 }),
        expect.objectContaining({ code: 'MOMENT_WRONG' }),
      ]),
      omitted: 0,
    });
  });
});
