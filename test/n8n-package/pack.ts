/** The package as it would be published: built, packed, and unpacked again. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** A `package.json` as it was found: nothing of it is taken for granted before it has been judged. */
export type Manifest = Readonly<Record<string, unknown>>;

export interface PackedFile {
  /** From the package's folder, with slashes: `dist/nodes/TopUp/TopUp.node.js`. */
  readonly path: string;
  readonly bytes: number;
}

export interface UnpackedPackage {
  readonly folder: string;
  readonly files: readonly PackedFile[];
  readonly manifest: Manifest;
}

/** Builds and packs the repository's root package into `folder`, and answers where the tarball is. */
export function packPackage(repository: string, folder: string): string {
  run('npm', ['run', '--silent', 'build'], repository);
  const packed = run('npm', ['pack', '--json', '--pack-destination', folder], repository);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  return join(folder, filename);
}

export function unpackPackage(tarball: string, folder: string): UnpackedPackage {
  mkdirSync(folder, { recursive: true });
  run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'], folder);
  return readPackage(folder);
}

/** Reads what lies unpacked in a folder. */
export function readPackage(folder: string): UnpackedPackage {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: relative(folder, file).split(sep).join('/'), bytes: statSync(file).size }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return { folder, files, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest };
}

function run(command: string, args: string[], cwd: string): string {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
  if (result.status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${result.status}:\n${result.stdout}${result.stderr}`);
  return result.stdout;
}
