/** The workflows on GitHub, as far as it shows without running them: what starts them, what they run, and what they may do. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

const ROOT = join(__dirname, '../..');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly 'runs-on': string;
  readonly 'timeout-minutes': number;
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const text = (name: string) => readFileSync(join(ROOT, '.github/workflows', name), 'utf8');

function workflow(name: string): Workflow {
  const document = parseDocument(text(name));
  expect([...document.errors, ...document.warnings]).toEqual([]);
  return document.toJS() as Workflow;
}

const runsOf = ({ steps }: Job) => steps.map(({ run }) => run).filter((run) => run !== undefined);
const nodeOf = ({ steps }: Job) =>
  steps.find(({ uses }) => uses?.startsWith('actions/setup-node@'))?.with?.['node-version'];

describe.each(['ci.yml', 'publish.yml'])('%s', (name) => {
  it('may only read, unless a job says otherwise', () => {
    expect(workflow(name).permissions).toEqual({ contents: 'read' });
  });

  it('runs on ubuntu-latest, and not for ever', () => {
    for (const job of Object.values(workflow(name).jobs)) {
      expect(job['runs-on']).toBe('ubuntu-latest');
      expect(job['timeout-minutes']).toBeLessThanOrEqual(90);
    }
  });

  it('takes actions at a commit, with the version beside it', () => {
    const uses = text(name).match(/^.*\buses:.*$/gm) ?? [];

    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/^ +- uses: actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('runs scripts that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const runs = Object.values(workflow(name).jobs).flatMap(runsOf).join('\n');

    for (const [, script] of runs.matchAll(/npm run (?:-s )?(\S+)/g)) expect(Object.keys(scripts)).toContain(script);
    for (const [, file] of runs.matchAll(/bash (\S+)/g)) expect(existsSync(join(ROOT, file!))).toBe(true);
  });

  it('puts nothing that others chose, such as the name of a branch, into a script', () => {
    for (const run of Object.values(workflow(name).jobs).flatMap(runsOf)) expect(run).not.toContain('${{');
  });
});

describe('ci.yml', () => {
  it('runs .ci/run with Node 20 on changes of main and on pull requests', () => {
    const { on, jobs } = workflow('ci.yml');

    expect(on).toEqual({ push: { branches: ['main'] }, pull_request: null });
    expect(runsOf(jobs.ci!)).toEqual(['bash .ci/run']);
    expect(nodeOf(jobs.ci!)).toBe(20);
  });
});

describe('publish.yml', () => {
  it('starts with a version tag, and with nothing else', () => {
    expect(workflow('publish.yml').on).toEqual({ push: { tags: ['v*'] } });
  });

  it('checks everything before it publishes, and the tag before everything', () => {
    const { check, publish } = workflow('publish.yml').jobs;
    const [tag, ...checks] = runsOf(check!);

    expect(tag).toContain('$GITHUB_REF_NAME');
    expect(checks.slice(0, 5)).toEqual([
      'npm ci',
      'npm run lint',
      'npm run typecheck',
      'npm test',
      'npm run check:n8n-package',
    ]);
    expect(publish!.needs).toBe('check');
  });

  it('gives the right to publish to the one job that runs nothing of ours or of our dependencies', () => {
    const { check, publish } = workflow('publish.yml').jobs;

    expect(check!.permissions).toBeUndefined();
    expect(publish!.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    expect(runsOf(publish!)).toHaveLength(1);
    expect(runsOf(publish!)[0]).toMatch(/^npm publish \S+ --provenance --access public /m);
    expect(publish!.steps.some(({ uses }) => uses?.startsWith('actions/checkout@'))).toBe(false);
  });

  it('publishes with a Node whose npm knows trusted publishing, and without a token', () => {
    expect(nodeOf(workflow('publish.yml').jobs.publish!)).toBe(24);
    expect(text('publish.yml')).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|NPM_TOKEN/);
  });
});
