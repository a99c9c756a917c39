import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { forget, remember, signal } from './processes';

const REPOSITORY = join(__dirname, '..', '..');
const TIMEOUT = 120_000;

/** Runs `talktime …` in a process of its own. Answers its exit code and all that it wrote. */
export async function runTalktime(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/cli.ts', ...words], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', ...environment },
  });
  remember(child.pid!);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const timer = setTimeout(() => signal(child.pid!, 'SIGKILL'), TIMEOUT);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  forget(child.pid!);
  return { code, output: output.trim() };
}
