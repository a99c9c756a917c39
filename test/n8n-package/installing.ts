/** The command with which n8n installs a community package that it has downloaded (n8n 2.40.7, community-packages.service). */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest, UnpackedPackage } from './pack';

const INSTALL = [
  'install',
  '--audit=false',
  '--fund=false',
  '--bin-links=false',
  '--install-strategy=shallow',
  '--ignore-scripts=true',
  '--package-lock=false',
];

/**
 * n8n unpacks the tarball, strips what n8n itself provides from package.json, and has npm install the rest in that folder. Here npm may not
 * go to a registry: there is nothing to fetch.
 *
 * @param stage a folder for the copy
 */
export function installAsN8nDoes({ folder, manifest }: UnpackedPackage, stage: string): string[] {
  const target = join(stage, 'node_modules', String(manifest.name));
  mkdirSync(target, { recursive: true });
  cpSync(folder, target, { recursive: true });
  const file = join(target, 'package.json');
  const { devDependencies, peerDependencies, optionalDependencies, ...kept } = JSON.parse(
    readFileSync(file, 'utf8'),
  ) as Manifest;
  void [devDependencies, peerDependencies, optionalDependencies];
  writeFileSync(file, JSON.stringify(kept, null, 2));
  const { status, stdout, stderr } = spawnSync('npm', [...INSTALL, '--offline'], {
    cwd: target,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) return [`npm install ended with ${status}:\n${stdout}${stderr}`];
  return existsSync(join(target, 'node_modules')) ? ['npm installed something beside it'] : [];
}
