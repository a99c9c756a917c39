/**
 * n8n and the Node that it wants, in a folder outside the repository: fetched once (2.8 GB, some minutes), then reused.
 * A file written last says that the folder is complete, so an interrupted fetch is taken up again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** Later 2.41 versions cannot be installed without a Kafka binding; this one runs, and is what the facts were taken from. */
export const N8N_VERSION = '2.40.7';
const NODE_VERSION = '24';

export interface N8nInstallation {
  /** The Node that runs it. */
  readonly node: string;
  /** n8n's command. */
  readonly command: string;
}

export function installN8n(say: (line: string) => void): N8nInstallation {
  const folder = join(cacheFolder(), `n8n-${N8N_VERSION}`);
  const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const node = join(folder, 'node_modules', nodePackage, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const command = join(folder, 'node_modules', 'n8n', 'bin', 'n8n');
  if (!isComplete(folder, node)) {
    say(`Fetching n8n ${N8N_VERSION} and Node ${NODE_VERSION} into ${folder}: once, some minutes, 2.8 GB.`);
    mkdirSync(folder, { recursive: true });
    if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    npmInstall(folder, `${nodePackage}@${NODE_VERSION}`, dirname(process.execPath));
    npmInstall(folder, `n8n@${N8N_VERSION}`, dirname(node));
    writeFileSync(marker(folder), `${JSON.stringify({ n8n: N8N_VERSION, node: NODE_VERSION })}\n`);
  }
  return { node, command };
}

function cacheFolder(): string {
  const { TALKTIME_CACHE, XDG_CACHE_HOME } = process.env;
  return TALKTIME_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'talktime');
}

function marker(folder: string): string {
  return join(folder, 'installed.json');
}

function isComplete(folder: string, node: string): boolean {
  try {
    const { n8n } = JSON.parse(readFileSync(marker(folder), 'utf8')) as { n8n?: string };
    const { version } = JSON.parse(readFileSync(join(folder, 'node_modules', 'n8n', 'package.json'), 'utf8')) as {
      version: string;
    };
    return n8n === N8N_VERSION && version === N8N_VERSION && existsSync(node);
  } catch {
    return false;
  }
}

/** Without install scripts: one of n8n's dependencies compiles a binding that nothing here needs. */
function npmInstall(folder: string, specifier: string, nodeFolder: string): void {
  // Peer dependencies come along, whatever this repository's own .npmrc says.
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps=false', '--loglevel=error'];
  const result = spawnSync('npm', ['install', specifier, ...flags], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
    env: { ...process.env, PATH: `${nodeFolder}${delimiter}${process.env.PATH ?? ''}` },
  });
  if (result.status !== 0)
    throw new Error(`npm could not install ${specifier} in ${folder}. Check the network, then run this again.`);
}
