/**
 * The processes that a run starts, so that each is stopped at the end, also when a case fails or someone presses Ctrl-C.
 * Each is the leader of a process group of its own: what it starts (n8n's task runner) goes with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

export interface Child {
  readonly name: string;
  /** All that it has printed so far. */
  output(): string;
  /** Waits until its output matches, and gives the match. Rejects when it ends first or takes too long. */
  printed(pattern: RegExp, timeoutMs: number): Promise<RegExpMatchArray>;
  /** Whether it still runs. */
  running(): boolean;
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}

const STOP_TIMEOUT_MS = 15_000;
const running = new Set<Child>();

export function startChild({ name, command, args, cwd, env, logFile }: ChildOptions): Child {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(logFile, { flags: 'a' });
  let output = '';
  const waiting = new Set<() => void>();
  const take = (chunk: Buffer) => {
    log.write(chunk);
    output += chunk.toString('utf8');
    for (const look of [...waiting]) look();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  void ended.then(() => running.delete(self));

  const self: Child = {
    name,
    output: () => output,
    running: () => alive(child),
    printed: (pattern, timeoutMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => settle(() => reject(late(name, pattern, timeoutMs, output))), timeoutMs);
        const settle = (answer: () => void) => {
          clearTimeout(timer);
          waiting.delete(look);
          answer();
        };
        const look = () => {
          const match = output.match(pattern);
          if (match) settle(() => resolve(match));
        };
        waiting.add(look);
        look();
        void ended.then((how) => settle(() => reject(new Error(`${name} ended (${how}):\n${lastLines(output)}`))));
      }),
    stop: async () => {
      if (!alive(child)) return;
      signalGroup(child, 'SIGTERM');
      const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_TIMEOUT_MS);
      await Promise.race([ended, once(child, 'close')]);
      clearTimeout(timer);
    },
  };
  running.add(self);
  return self;
}

/** Stops what this run started, newest first, and nothing else. */
export async function stopChildren(): Promise<void> {
  for (const child of [...running].reverse()) await child.stop();
}

export function lastLines(text: string, count = 25): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

function alive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function late(name: string, pattern: RegExp, timeoutMs: number, output: string): Error {
  return new Error(`${name} did not print ${pattern} within ${timeoutMs / 1000} s:\n${lastLines(output)}`);
}
