// `npm run test:engine [-- jest's arguments]`: the example workflows and the nodes in n8n's own engine. The engine (about
// 800 MB) is installed beside the tests when the one that package-lock.json locks is not there yet.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = dirname(fileURLToPath(import.meta.url));
const REPOSITORY = join(FOLDER, '../..');
// Its name starts with a dot, so that `n8n-node build` does not take n8n's own icons and schemas for the package's.
const INSTALLATION = join(FOLDER, '.n8n');
/** Written last, so an interrupted installation is done again. */
const INSTALLED = join(INSTALLATION, 'installed-lock.json');
const LOCK = 'package-lock.json';

const run = (command, args, cwd) => spawnSync(command, args, { cwd, stdio: 'inherit' }).status ?? 1;

function install() {
  const lock = readFileSync(join(FOLDER, LOCK));
  if (existsSync(INSTALLED) && readFileSync(INSTALLED).equals(lock)) return;
  console.log("Installing n8n's engine into test/engine/.n8n: once, about a minute, 800 MB.");
  rmSync(INSTALLED, { force: true });
  mkdirSync(INSTALLATION, { recursive: true });
  for (const file of ['package.json', LOCK, '.npmrc']) copyFileSync(join(FOLDER, file), join(INSTALLATION, file));
  const flags = ['--ignore-scripts', '--legacy-peer-deps', '--loglevel=error'];
  const code = run('npm', ['ci', ...flags], INSTALLATION);
  if (code !== 0) process.exit(code);
  copyFileSync(join(FOLDER, LOCK), INSTALLED);
}

install();
const asked = process.argv.slice(2);
const typescript = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
// The root's type check goes without this folder: what it imports may not be installed.
if (asked.length === 0 && run(process.execPath, [typescript, '--noEmit', '-p', FOLDER], REPOSITORY) !== 0)
  process.exit(1);
const jest = join(REPOSITORY, 'node_modules/jest/bin/jest.js');
process.exitCode = run(process.execPath, [jest, '--config', join(FOLDER, 'jest.config.cjs'), ...asked], REPOSITORY);
