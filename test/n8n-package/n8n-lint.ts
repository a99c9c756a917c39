/** n8n's strict lint, on the package's own sources: what n8n's reviewers would see without the service around it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** The package as its sources. eslint.config.mjs must be n8n's default, to the letter: `n8n.strict` says so. */
const SOURCES = ['package.json', 'eslint.config.mjs', 'tsconfig.json', 'nodes', 'credentials'];

/**
 * `npm run lint` puts the repository's rooms under configurations of their own; here n8n's configuration, by itself and without flags,
 * judges a copy of what is published.
 *
 * @param stage a folder for the copy
 * @returns what the lint printed, when it did not pass
 */
export function lintSources(repository: string, stage: string): string[] {
  mkdirSync(stage, { recursive: true });
  for (const source of SOURCES) cpSync(join(repository, source), join(stage, source), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(stage, 'node_modules'), 'junction');
  const { status, stdout, stderr } = spawnSync(join(repository, 'node_modules/.bin/n8n-node'), ['lint'], {
    cwd: stage,
    encoding: 'utf8',
    env: outsideOfNpm(),
    shell: process.platform === 'win32',
  });
  if (status === 0) return [];
  return [`n8n-node lint ended with ${status}`, stripVTControlCharacters(stdout).trim(), stderr.trim()];
}

/** `npm run` tells the programs it starts that the project is the repository; the copy is a project of its own. */
function outsideOfNpm(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_|INIT_CWD$|ESLINT_FLAGS$)/i.test(name) || name === 'npm_config_user_agent',
    ),
  );
}
