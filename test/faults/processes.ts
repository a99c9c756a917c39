/** Ends processes by their ids, and only those that were started here or by what was started here. */
import { spawnSync } from 'node:child_process';
import { until } from './time';

/** Process ids that this run started and has not seen end, for the last clean-up. */
const started = new Set<number>();

export function remember(pid: number): void {
  started.add(pid);
}

export function forget(pid: number): void {
  started.delete(pid);
}

interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly command: string;
}

function running(): Running[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
    return pid === undefined
      ? []
      : [{ pid: Number(pid), parent: Number(parent), state: state!, command: command ?? '' }];
  });
}

export function childrenOf(pid: number): { pid: number; command: string }[] {
  return running().filter((each) => each.parent === pid);
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** SIGKILL for a process alone. Answers its children, of which it had no more: it was stopped first. */
export function killAlone(pid: number): number[] {
  signal(pid, 'SIGSTOP');
  const children = childrenOf(pid).map((child) => child.pid);
  signal(pid, 'SIGKILL');
  return children;
}

/** SIGKILL for a process and its children at the same moment. */
export function killWithChildren(pid: number): number[] {
  const children = killAlone(pid);
  for (const child of children) signal(child, 'SIGKILL');
  return [pid, ...children];
}

/** Waits until none of them runs. A zombie does not run; not every init collects them. */
export async function gone(pids: readonly number[], milliseconds: number): Promise<boolean> {
  const wanted = new Set(pids);
  return until(() => !running().some((each) => wanted.has(each.pid) && !each.state.startsWith('Z')), milliseconds, 25);
}

/** The last clean-up, also from an `exit` handler, so nothing in it waits. */
export function killAllStarted(): void {
  for (const pid of started) killWithChildren(pid);
  started.clear();
}
