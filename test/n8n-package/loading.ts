/** Loads the unpacked package with plain node and nothing beside it but n8n-workflow, as n8n does. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { entryPoints } from './manifest';
import type { UnpackedPackage } from './pack';

const CHILD = join(__dirname, 'load-child.cjs');

export interface Loaded {
  /** The entry point, as package.json names it. */
  readonly path: string;
  /** Why it could not be loaded. */
  readonly failed?: string;
  readonly name?: string;
  readonly icon?: string | { readonly light?: string; readonly dark?: string };
  readonly version?: number | readonly number[];
}

/**
 * @param n8nWorkflow the folder of the one module that n8n provides. A link to it is put into node_modules beside the package's
 *   folder; whatever else a node requires is not found.
 */
export function loadEntryPoints({ folder, manifest }: UnpackedPackage, n8nWorkflow: string): Loaded[] {
  const provided = join(dirname(folder), 'node_modules', 'n8n-workflow');
  mkdirSync(dirname(provided), { recursive: true });
  if (!existsSync(provided)) symlinkSync(n8nWorkflow, provided, 'junction');
  const { nodes, credentials } = entryPoints(manifest);
  const paths = [...nodes, ...credentials];
  const { status, output, stderr } = spawnSync(process.execPath, [CHILD, folder, ...paths], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const answers = (output[3] ?? '').split('\n').filter(Boolean);
  if (status !== 0 || answers.length !== paths.length)
    throw new Error(`Loading the package ended with ${status} after ${answers.length} of ${paths.length}:\n${stderr}`);
  return answers.map((line) => JSON.parse(line) as Loaded);
}

/** What did not load, and the icons and output schemas of what did, where they are not in the package. */
export function judgeLoaded(loaded: readonly Loaded[], { files }: Pick<UnpackedPackage, 'files'>): string[] {
  const paths = files.map(({ path }) => path);
  return loaded.flatMap(({ path, failed, name, icon, version }) => {
    if (failed !== undefined) return [`${path} cannot be loaded: ${failed}`];
    const folder = posix.dirname(path);
    const findings = name ? [] : [`${path} has no name`];
    for (const theme of ['light', 'dark'] as const) {
      const file = typeof icon === 'object' ? icon[theme] : undefined;
      if (!file) findings.push(`${path} has no icon for the ${theme} theme`);
      else if (!paths.includes(posix.join(folder, file.replace('file:', ''))))
        findings.push(`${path} has the icon ${file}, which is not in the package`);
    }
    // n8n looks for v1.0.0.json, or v1.0.0/RESOURCE/OPERATION.json.
    for (const number of path.endsWith('.node.js') ? [version ?? []].flat() : []) {
      const schema = `${folder}/__schema__/v${`${number}.0.0`.split('.').slice(0, 3).join('.')}`;
      if (!paths.some((file) => file === `${schema}.json` || file.startsWith(`${schema}/`)))
        findings.push(`${path} is of version ${number}, and ${schema}.json is not in the package`);
    }
    return findings;
  });
}
