import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import Retell from 'retell-sdk';
import { sign } from '../../server/demo/client';

describe('npm run demo -- --once', () => {
  it('tells the main job end to end, ends with 0 and leaves nothing behind', () => {
    const temporary = mkdtempSync(join(tmpdir(), 'talktime-demo-'));
    chmodSync(temporary, 0o755); // PostgreSQL, which is another user when this is root, works in it
    const demo = spawnSync(process.execPath, ['--import', 'tsx', 'server/demo.ts', '--once'], {
      cwd: resolve(__dirname, '../..'),
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: temporary, NO_COLOR: '1' },
    });
    expect(demo.stderr).toBe('');
    expect(demo.stdout).toContain('All went as expected');
    expect(demo.stdout).not.toContain('\u001B[');
    expect(demo.status).toBe(0);
    // tsx keeps its cache there.
    expect(readdirSync(temporary).filter((name) => !name.startsWith('tsx-'))).toEqual([]);
    rmSync(temporary, { recursive: true });
  }, 60_000);

  it("signs as Retell's own SDK verifies", async () => {
    const body = '{"event":"call_ended","note":"São Paulo"}';
    await expect(Promise.resolve(Retell.verify(body, 'the key', sign(body, 'the key')))).resolves.toBe(true);
  });
});
