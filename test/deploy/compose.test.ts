/** compose.yaml and the Dockerfile, as far as they can be judged without a Docker engine. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readConfig } from '../../server/config';

const ROOT = join(__dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

interface Service {
  readonly image?: string;
  readonly build?: { readonly target: string };
  readonly environment?: Record<string, string | number>;
  readonly ports?: string[];
  readonly volumes?: string[];
  readonly healthcheck?: { readonly test: string[] };
  readonly depends_on?: Record<string, { readonly condition: string }>;
}

const text = read('compose.yaml');
const { services, volumes } = parse(text) as { services: Record<string, Service>; volumes: Record<string, unknown> };
const dockerfile = read('Dockerfile');

describe('compose.yaml', () => {
  it('takes every value from .env, of which .env.example tells', () => {
    const used = new Set([...text.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name!));
    const told = new Set([...read('.env.example').matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name]) => name!));
    expect([...used].filter((name) => !told.has(name))).toEqual([]);
    expect(text).not.toMatch(/(PASSWORD|KEY|SECRET|TOKEN): (?!\$\{)\S/);
  });

  it('gives the service variables that it knows, and a configuration that it takes', () => {
    const known = new Set([...read('server/config.ts').matchAll(/^ {2}([A-Z][A-Z_]+): \{/gm)].map(([, name]) => name!));
    const given = Object.entries(services.talktime!.environment!);
    expect(given.map(([name]) => name).filter((name) => !known.has(name))).toEqual([]);
    const values = given.map(([name, value]) => [
      name,
      String(value)
        .replace(/\$\{[A-Z_]+:-\}/, '')
        .replace(/\$\{[^}]+\}/, 'x'),
    ]);
    const environment = { ...Object.fromEntries(values), TALKTIME_SEAL_KEY: Buffer.alloc(32).toString('base64') };
    expect(readConfig(environment)).toMatchObject({
      production: true,
      host: '0.0.0.0',
      port: 8080,
      webhookAddresses: 'public',
    });
  });

  it('has the service work with another login than the one that owns the schema', () => {
    const { DATABASE_URL, DATABASE_OWNER_URL } = services.talktime!.environment as Record<string, string>;
    expect(new URL(DATABASE_URL!.replace(/\$\{[^}]+\}/, 'x')).username).toBe('talktime');
    expect(new URL(DATABASE_OWNER_URL!.replace(/\$\{[^}]+\}/, 'x')).username).toBe('talktime_owner');
  });

  it('is reached from this machine alone, and the database from nowhere', () => {
    for (const port of Object.values(services).flatMap(({ ports = [] }) => ports))
      expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(services.postgres!.ports).toBeUndefined();
  });

  it('names versions, waits for what is healthy, and keeps data in volumes that there are', () => {
    for (const [name, { image, build, volumes: mounts = [], depends_on = {} }] of Object.entries(services)) {
      if (image) expect(image).toMatch(/:\d+\.\d+(\.\d+)?$/);
      else expect(dockerfile).toMatch(new RegExp(`^FROM \\S+ AS ${build!.target}$`, 'm'));
      for (const mount of mounts) {
        const [source] = mount.split(':') as [string];
        expect(source.startsWith('./') ? existsSync(join(ROOT, source)) : source in volumes).toBe(true);
      }
      for (const [on, { condition }] of Object.entries(depends_on)) {
        if (condition !== 'service_healthy') continue;
        expect([name, on, services[on]!.healthcheck ?? /HEALTHCHECK/.exec(dockerfile)]).not.toContain(null);
      }
    }
    expect(services.n8n!.depends_on).toHaveProperty('n8n-package.condition', 'service_completed_successfully');
  });
});

describe('the Dockerfile', () => {
  it('copies what is there and what .dockerignore lets through', () => {
    const allowed = new Set([...read('.dockerignore').matchAll(/^!(\S+)$/gm)].map(([, path]) => path!));
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, paths]) =>
      paths!.split(' ').slice(0, -1),
    );
    expect(sources).not.toEqual([]);
    for (const source of sources) {
      expect([source, existsSync(join(ROOT, source))]).toEqual([source, true]);
      expect([source, allowed.has(source.split('/')[0]!)]).toEqual([source, true]);
    }
  });

  it('runs as nobody special', () => expect(dockerfile.split(/^FROM .* AS service$/m)[1]).toMatch(/^USER node$/m));
});
