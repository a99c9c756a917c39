/** What n8n and npm require of the published `package.json`. */
import { isDeepStrictEqual } from 'node:util';
import type { Manifest } from './pack';

export const PUBLISHED = ['dist/nodes', 'dist/credentials', 'LICENSE', 'README.md'];

/** n8n verifies no package that brings code of others along, in whichever field it is named. */
const BRINGS_CODE = [
  'dependencies',
  'optionalDependencies',
  'bundleDependencies',
  'bundledDependencies',
  'overrides',
  'bin',
];

/** Scripts that npm runs by itself, at an install or at packing: what is published is what CI built, and installing runs nothing. */
const RUN_BY_THEMSELVES = [
  'preinstall',
  'install',
  'postinstall',
  'preprepare',
  'prepare',
  'postprepare',
  'prepublish',
  'prepublishOnly',
  'publish',
  'postpublish',
  'prepack',
  'postpack',
  'dependencies',
];

/** The findings, each a sentence that begins with the field; none when all is as it must be. */
export function judgeManifest(manifest: Manifest): string[] {
  const n8n = record(manifest.n8n);
  const author = record(manifest.author);
  const scripts = record(manifest.scripts);
  const expected: [string, boolean, string][] = [
    ['name', /^n8n-nodes-[a-z0-9-]+$/.test(text(manifest.name)), 'must be n8n-nodes-…, in lower case'],
    ['version', /^\d+\.\d+\.\d+(-[a-z0-9.-]+)?$/.test(text(manifest.version)), 'must be a semantic version'],
    ['private', !manifest.private, 'would keep npm from publishing it'],
    ['license', manifest.license === 'MIT', 'must be MIT'],
    [
      'keywords',
      list(manifest.keywords).includes('n8n-community-node-package'),
      'must have n8n-community-node-package',
    ],
    ['author', Boolean(text(author.name) && text(author.email)), 'must have a name and an email address'],
    ['homepage', text(manifest.homepage).startsWith('https://'), 'must be an address'],
    [
      'repository',
      /^git\+https:\/\/github\.com\/[\w.-]+\/[\w.-]+\.git$/.test(text(record(manifest.repository).url)),
      'must be the repository on GitHub that the provenance names: git+https://github.com/OWNER/NAME.git',
    ],
    ['files', isDeepStrictEqual(manifest.files, PUBLISHED), `must be ${JSON.stringify(PUBLISHED)}`],
    [
      'peerDependencies',
      isDeepStrictEqual(manifest.peerDependencies, { 'n8n-workflow': '*' }),
      'must be exactly {"n8n-workflow":"*"}',
    ],
    ['n8n.n8nNodesApiVersion', n8n.n8nNodesApiVersion === 1, 'must be 1'],
    ['n8n.strict', n8n.strict === true, 'must be true'],
    ['n8n.nodes', list(n8n.nodes).length > 0, 'must name the nodes'],
    ['n8n.credentials', list(n8n.credentials).length > 0, 'must name the credential'],
    ...BRINGS_CODE.map((field): [string, boolean, string] => [
      field,
      !(field in manifest),
      'must not be there: the package stands alone',
    ]),
    ...RUN_BY_THEMSELVES.map((script): [string, boolean, string] => [
      `scripts.${script}`,
      !(script in scripts),
      'must not be there: npm would run it by itself',
    ]),
  ];
  return expected.filter(([, holds]) => !holds).map(([field, , wish]) => `${field} ${wish}`);
}

/** The paths in `n8n.nodes` and `n8n.credentials`. */
export function entryPoints(manifest: Manifest): { nodes: string[]; credentials: string[] } {
  const n8n = record(manifest.n8n);
  return { nodes: list(n8n.nodes).map(text), credentials: list(n8n.credentials).map(text) };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
