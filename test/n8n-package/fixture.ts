/** A small package that passes every check, for tests to spoil. */
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PUBLISHED } from './manifest';

export const REPOSITORY = join(__dirname, '../..');

export const MANIFEST = {
  name: 'n8n-nodes-fixture',
  version: '1.2.3',
  description: 'A fixture',
  license: 'MIT',
  author: { name: 'Somebody', email: 'somebody@example.com' },
  homepage: 'https://example.com',
  repository: { type: 'git', url: 'git+https://github.com/example/fixture.git' },
  keywords: ['n8n-community-node-package'],
  files: PUBLISHED,
  n8n: {
    n8nNodesApiVersion: 1,
    strict: true,
    nodes: ['dist/nodes/Fixture/Fixture.node.js'],
    credentials: ['dist/credentials/FixtureApi.credentials.js'],
  },
  peerDependencies: { 'n8n-workflow': '*' },
};

const ICON = "{ light: 'file:../icons/fixture.svg', dark: 'file:../icons/fixture.dark.svg' }";

export const NODE = `
const { NodeConnectionTypes } = require('n8n-workflow');
exports.Fixture = class Fixture {
  description = { name: 'fixture', version: 1, icon: ${ICON}, outputs: [NodeConnectionTypes.Main] };
};`;

const FILES: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify(MANIFEST),
  LICENSE: 'MIT',
  'README.md': '# A fixture',
  'dist/nodes/Fixture/Fixture.node.js': NODE,
  'dist/nodes/Fixture/Fixture.node.json': '{}',
  'dist/nodes/Fixture/__schema__/v1.0.0.json': '{}',
  'dist/nodes/icons/fixture.svg': '<svg/>',
  'dist/nodes/icons/fixture.dark.svg': '<svg/>',
  'dist/credentials/FixtureApi.credentials.js': `
exports.FixtureApi = class FixtureApi {
  name = 'fixtureApi';
  icon = { light: 'file:../nodes/icons/fixture.svg', dark: 'file:../nodes/icons/fixture.dark.svg' };
};`,
};

/** Writes the fixture into a new temporary folder, with `changes` to its files; a file that is null is left out. */
export function writeFixture(changes: Readonly<Record<string, string | null>> = {}): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'talktime-fixture-')), 'unpacked');
  for (const [path, text] of Object.entries({ ...FILES, ...changes })) {
    if (text === null) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Gives a fixture the modules of this repository, as its sources would have. */
export function withModules(folder: string): string {
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return folder;
}
