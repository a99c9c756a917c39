import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { forget, remember, signal } from '../processes';
import type { Random } from '../random';
import { sleep, until } from '../time';
import type { Step } from './dispatcher';

const REPOSITORY = join(__dirname, '..', '..', '..');
const START_TIMEOUT = 60_000;
/** A planned death that does not come by itself, for want of work, is brought. */
const PATIENCE = 8_000;

/** A dispatcher's process that is killed again and again, at a step of its work or at any moment, and comes back. */
export class DispatcherReplica {
  #child: ChildProcess | undefined;
  #running = '';

  constructor(private readonly environment: { readonly DATABASE_URL: string; readonly SLACK_URL: string }) {}

  async start(step: Step = 'none', after = 1): Promise<void> {
    this.#running = '';
    const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'dispatcher.ts')], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        ...this.environment,
        DIE_AT: step,
        DIE_AFTER: String(after),
      },
    });
    this.#child = child;
    if (child.pid !== undefined) remember(child.pid);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#running += text));
    child.stderr.resume();
    await until(() => this.#running.includes('It runs.') || !this.isRunning, START_TIMEOUT);
  }

  get isRunning(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child?.pid) return;
    if (this.isRunning) {
      const ended = once(child, 'exit');
      signal(child.pid, 'SIGKILL');
      await ended;
    }
    forget(child.pid);
  }

  /** Lives once and is killed. Answers where. */
  async liveAndDie(random: Random): Promise<string> {
    const step = random.pick<Step>(['after the claim', 'after the answer', 'before the thread', 'none']);
    await this.start(step, random.between(1, 4));
    if (step === 'none') await sleep(random.between(50, 1_500));
    const byItself = step !== 'none' && (await until(() => !this.isRunning, PATIENCE));
    await this.kill();
    return byItself ? step : 'at any moment';
  }
}
