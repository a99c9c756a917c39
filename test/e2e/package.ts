/** The package as it would be published: built, packed, and nothing in it that should not be. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export function packPackage(repository: string, folder: string): string {
  run('npm', ['run', '--silent', 'build'], repository);
  const packed = run('npm', ['pack', '--json', '--pack-destination', folder], repository);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  return join(folder, filename);
}

function run(command: string, args: string[], cwd: string): string {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${result.status}:\n${result.stdout}${result.stderr}`);
  return result.stdout;
}
