/** What `npm run check:n8n-package` would say to packages that are not as they must be. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { missingFiles, MOST_BYTES, strayFiles, tooLarge, unregistered } from './contents';
import { MANIFEST, NODE, REPOSITORY, withModules, writeFixture } from './fixture';
import { installAsN8nDoes } from './installing';
import { judgeLoaded, loadEntryPoints } from './loading';
import { judgeManifest } from './manifest';
import { lintSources } from './n8n-lint';
import { readPackage } from './pack';
import type { Scanned } from './scan';

const N8N_WORKFLOW = join(REPOSITORY, 'node_modules/n8n-workflow');
const NODE_FILE = 'dist/nodes/Fixture/Fixture.node.js';
const CREDENTIAL_FILE = 'dist/credentials/FixtureApi.credentials.js';

const written: string[] = [];
const fixture = (changes?: Parameters<typeof writeFixture>[0]): string => {
  const folder = writeFixture(changes);
  written.push(dirname(folder));
  return folder;
};
afterAll(() => written.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

describe('The contents', () => {
  it('of a package as it must be are found in order', () => {
    const unpacked = readPackage(fixture());

    expect([...strayFiles(unpacked), ...missingFiles(unpacked), ...unregistered(unpacked)]).toEqual([]);
  });

  it.each([
    '.env',
    'tsconfig.json',
    'dist/nodes/Fixture/Fixture.node.ts',
    'dist/nodes/Fixture/Fixture.node.d.ts',
    'dist/nodes/Fixture/Fixture.node.js.map',
    'dist/nodes/Fixture/fixture.test.js',
    'dist/nodes/Fixture/__tests__/fixture.js',
    'dist/nodes/Fixture/Another.node.js',
    'dist/nodes/icons/fixture.png',
    'dist/core/contract/index.js',
    'node_modules/zod/index.js',
  ])('have a stray file: %s', (path) => {
    expect(strayFiles(readPackage(fixture({ [path]: 'x' })))).toEqual([
      `${path} is not on the list of what is published`,
    ]);
  });

  it('lack files, or have empty ones', () => {
    const unpacked = readPackage(
      fixture({ LICENSE: null, [NODE_FILE]: '', 'dist/nodes/Fixture/Fixture.node.json': null }),
    );

    expect(missingFiles(unpacked)).toEqual([
      'LICENSE is missing or empty',
      `${NODE_FILE} is missing or empty`,
      'dist/nodes/Fixture/Fixture.node.json is missing or empty',
    ]);
  });

  it('have a node that n8n is not told of', () => {
    const unpacked = readPackage(fixture({ 'dist/nodes/Other/Other.node.js': NODE }));

    expect(unregistered(unpacked)).toEqual(["dist/nodes/Other/Other.node.js is not named in package.json's n8n"]);
  });

  it('are too large', () => {
    const unpacked = readPackage(fixture({ 'README.md': 'x'.repeat(MOST_BYTES.unpacked) }));

    expect(tooLarge(MOST_BYTES.packed + 1, unpacked)).toEqual([
      expect.stringMatching(/^packed, it has/),
      expect.stringMatching(/^unpacked, it has/),
    ]);
    expect(tooLarge(MOST_BYTES.packed, readPackage(fixture()))).toEqual([]);
  });
});

describe('The manifest', () => {
  it("is as n8n's rules want it", () => {
    expect(judgeManifest(MANIFEST)).toEqual([]);
  });

  it.each<[string, object]>([
    ['name', { name: 'talktime-nodes' }],
    ['version', { version: 'next' }],
    ['private', { private: true }],
    ['license', { license: 'Apache-2.0' }],
    ['keywords', { keywords: ['n8n'] }],
    ['author', { author: { name: 'Somebody' } }],
    ['homepage', { homepage: undefined }],
    ['repository', { repository: { type: 'git', url: 'git+https://git.example.com/fixture.git' } }],
    ['files', { files: ['dist'] }],
    ['peerDependencies', { peerDependencies: { 'n8n-workflow': '^2.0.0' } }],
    ['peerDependencies', { peerDependencies: { 'n8n-workflow': '*', pg: '*' } }],
    ['n8n.strict', { n8n: { ...MANIFEST.n8n, strict: false } }],
    ['n8n.n8nNodesApiVersion', { n8n: { ...MANIFEST.n8n, n8nNodesApiVersion: '1' } }],
    ['n8n.nodes', { n8n: { ...MANIFEST.n8n, nodes: [] } }],
    ['dependencies', { dependencies: {} }],
    ['optionalDependencies', { optionalDependencies: { pg: '8' } }],
    ['bundledDependencies', { bundledDependencies: ['zod'] }],
    ['overrides', { overrides: { axios: '1' } }],
    ['scripts.postinstall', { scripts: { postinstall: 'node collect.js' } }],
    ['scripts.prepare', { scripts: { prepare: 'husky' } }],
  ])('is refused for its %s (%#)', (field, change) => {
    const findings = judgeManifest({ ...MANIFEST, ...change });

    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(new RegExp(`^${field} `));
  });
});

describe('Loading', () => {
  const load = (changes?: Record<string, string | null>) => {
    const unpacked = readPackage(fixture(changes));
    return judgeLoaded(loadEntryPoints(unpacked, N8N_WORKFLOW), unpacked);
  };

  it('works with n8n-workflow and nothing else', () => {
    expect(load()).toEqual([]);
    expect(load({ [NODE_FILE]: `require('zod');${NODE}` })).toEqual([
      `${NODE_FILE} cannot be loaded: Cannot find module 'zod'`,
    ]);
  });

  it('notices code that ends the process', () => {
    expect(() => load({ [NODE_FILE]: 'process.exit(0);' })).toThrow('ended with 0 after 0 of 2');
  });

  it('asks for a class of the name of its file', () => {
    expect(load({ [NODE_FILE]: NODE.replace('exports.Fixture', 'exports.Other') })).toEqual([
      `${NODE_FILE} cannot be loaded: It exports no class Fixture`,
    ]);
  });

  it('finds the icons and the output schema of every version', () => {
    expect(load({ 'dist/nodes/icons/fixture.dark.svg': null })).toEqual([
      `${NODE_FILE} has the icon file:../icons/fixture.dark.svg, which is not in the package`,
      `${CREDENTIAL_FILE} has the icon file:../nodes/icons/fixture.dark.svg, which is not in the package`,
    ]);
    expect(load({ [NODE_FILE]: NODE.replace('dark:', 'night:') })).toEqual([
      `${NODE_FILE} has no icon for the dark theme`,
    ]);
    expect(load({ [NODE_FILE]: NODE.replace('version: 1', 'version: [1, 1.1]') })).toEqual([
      `${NODE_FILE} is of version 1.1, and dist/nodes/Fixture/__schema__/v1.1.0.json is not in the package`,
    ]);
  });
});

describe("n8n's install command", () => {
  it('takes the package, and refuses one that wants something fetched', () => {
    const install = (folder: string) => installAsN8nDoes(readPackage(folder), join(folder, '../n8n'));
    const wanting = { ...MANIFEST, dependencies: { 'n8n-nodes-fixture-of-a-fixture': '9.9.9' } };

    expect(install(fixture())).toEqual([]);
    expect(install(fixture({ 'package.json': JSON.stringify(wanting) }))).toEqual([
      expect.stringContaining('npm install ended with 1'),
    ]);
  });
});

describe("n8n's scanner", () => {
  let found: Record<'tarball' | 'sources' | 'nothing', string>;

  beforeAll(() => {
    const tarball = fixture({
      [NODE_FILE]: `${NODE}\n// eslint-disable-next-line\nexports.key = process.env.SECRET;`,
      'package.json': JSON.stringify({ ...MANIFEST, dependencies: { pg: '8' } }),
    });
    const sources = fixture({
      'nodes/Fixture/Fixture.node.ts': "import { Client } from 'pg';\nexport const client = Client;\n",
    });
    const nothing = fixture({ 'package.json': null, [NODE_FILE]: null, [CREDENTIAL_FILE]: null });
    found = scanInChild({
      tarball: [tarball, 'tarball'],
      sources: [sources, 'sources'],
      nothing: [nothing, 'tarball'],
    });
  });

  it('reads the built code and the manifest of the tarball', () => {
    expect(found.tarball).toContain("Use of restricted global 'process'");
    expect(found.tarball).toContain('no-runtime-dependencies');
  });

  it('reads the sources', () => {
    expect(found.sources).toContain("Import of 'pg' is not allowed");
  });

  it('does not pass for having read nothing', () => {
    expect(found.nothing).toContain('No files found');
  });
});

describe("n8n's strict lint", () => {
  const sources = (changes: Record<string, string>) => {
    const folder = withModules(
      fixture({
        'package.json': readFileSync(join(REPOSITORY, 'package.json'), 'utf8'),
        'nodes/Fixture/fields.ts': 'export const FIELDS = [];\n',
        'credentials/fields.ts': 'export const FIELDS = [];\n',
        ...changes,
      }),
    );
    copyFileSync(join(REPOSITORY, 'tsconfig.json'), join(folder, 'tsconfig.json'));
    if (!('eslint.config.mjs' in changes))
      copyFileSync(join(REPOSITORY, 'eslint.config.mjs'), join(folder, 'eslint.config.mjs'));
    return folder;
  };
  const lint = (folder: string) => lintSources(folder, join(folder, '../lint')).join();

  it('finds what n8n does not allow', () => {
    const folder = sources({ 'nodes/Fixture/fields.ts': 'export const KEY = process.env.SECRET;\n' });

    expect(lint(folder)).toContain("Use of restricted global 'process'");
  });

  it('finds a configuration that is not its own', () => {
    const folder = sources({ 'eslint.config.mjs': 'export default [];\n' });

    expect(lint(folder)).toContain('Strict mode violation');
  });
});

/** The scanner is an ES module, which jest does not load: it runs in a process of its own. */
function scanInChild<Name extends string>(
  scans: Readonly<Record<Name, readonly [folder: string, what: Scanned]>>,
): Record<Name, string> {
  const script = `
    const { scan } = require('./test/n8n-package/scan.ts');
    const found = Object.entries(${JSON.stringify(scans)}).map(async ([name, [folder, what]]) => [name, (await scan(folder, what)).join()]);
    Promise.all(found).then((entries) => console.log(JSON.stringify(Object.fromEntries(entries))));`;
  const printed = execFileSync(process.execPath, ['--import', 'tsx', '-e', script], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  return JSON.parse(printed) as Record<Name, string>;
}
