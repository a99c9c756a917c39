import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { lastingPort } from './ports';
import { forget, remember, signal } from './processes';
import { until } from './time';

const REPOSITORY = join(__dirname, '..', '..');
const START_TIMEOUT = 90_000;
const LINES_KEPT = 400;
const LONGEST_LINE = 240;

export interface ReplicaOptions {
  readonly name: string;
  readonly databaseUrl: string;
  readonly sealKey: string;
  /** Beside what every replica is started with. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The service as an operator starts it, in a process of its own, that can be killed and comes back on the same port. */
export class Replica {
  #child: ChildProcess | undefined;
  #lines: string[] = [];
  #introduction: string[] = [];
  #killed = false;

  private constructor(
    readonly name: string,
    readonly port: number,
    private readonly options: ReplicaOptions,
  ) {}

  static async create(options: ReplicaOptions): Promise<Replica> {
    return new Replica(options.name, await lastingPort(), options);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the process, and does not wait until it answers. */
  spawn(): void {
    this.#killed = false;
    this.#lines = [];
    const child = spawn(process.execPath, ['--import', 'tsx', 'server/main.ts'], {
      cwd: REPOSITORY,
      detached: true, // a process group of its own
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        NODE_ENV: 'development',
        DATABASE_URL: this.options.databaseUrl,
        // Set, though empty, so that a developer's .env does not fill them in.
        DATABASE_OWNER_URL: '',
        DATABASE_DIRECT_URL: '',
        SLACK_BOT_TOKEN: '',
        SLACK_SIGNING_SECRET: '',
        STRIPE_SECRET_KEY: '',
        STRIPE_WEBHOOK_SECRET: '',
        TALKTIME_SEAL_KEY: this.options.sealKey,
        HOST: '127.0.0.1',
        PORT: String(this.port),
        RATE_LIMIT_PER_MINUTE: '1000000',
        LOG_LEVEL: 'warn',
        NO_COLOR: '1',
        ...this.options.environment,
      },
    });
    this.#child = child;
    if (child.pid !== undefined) remember(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#lines.push(...text.split('\n').filter((line) => line.trim() !== ''));
        if (this.#lines.length > LINES_KEPT) this.#lines.splice(0, this.#lines.length - LINES_KEPT);
      });
    }
  }

  /** Starts, and answers when it says that it runs. */
  async start(): Promise<void> {
    this.spawn();
    await this.started();
  }

  async started(): Promise<void> {
    const says = () => this.#lines.some((line) => line.includes('Stop it with Ctrl-C.'));
    await until(() => says() || !this.isRunning, START_TIMEOUT);
    if (!says()) await until(says, 200); // its last words may come after its end
    if (!says()) throw new Error(`The service (${this.name}) did not start:\n${this.log(20)}`);
    this.#introduction = this.#lines.splice(0);
  }

  /** SIGKILL. Answers when the process has ended. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#killed = true;
    if (!child?.pid || !this.isRunning) return;
    const ended = once(child, 'exit');
    signal(child.pid, 'SIGKILL');
    await ended;
    forget(child.pid);
  }

  get isRunning(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ended though nobody killed it. */
  get endedByItself(): boolean {
    return !this.#killed && this.#child !== undefined && !this.isRunning;
  }

  get processId(): number | undefined {
    return this.#child?.pid;
  }

  /** The last that it logged, each kind of line once, and no secret. */
  log(count: number): string {
    return [...new Set(this.#lines.filter((line) => !/^[╭│╰]/.test(line)).map(shortened))].slice(-count).join('\n');
  }

  /** What it printed when it started that matches, e.g. a key. */
  printed(pattern: RegExp): string {
    const found = this.#introduction.map((line) => pattern.exec(line)?.[1]).find((text) => text !== undefined);
    if (found === undefined) throw new Error(`The service (${this.name}) did not print ${pattern}`);
    return found;
  }
}

/** Of a line of the log what went wrong; of any other line its beginning. */
function shortened(line: string): string {
  try {
    const { level, msg, err, route, status } = JSON.parse(line) as Record<string, any>;
    return [level, msg, err?.message, route, status].filter(Boolean).join(' · ');
  } catch {
    return line.slice(0, LONGEST_LINE).replace(/tt_[\w-]+/g, 'tt_…');
  }
}
