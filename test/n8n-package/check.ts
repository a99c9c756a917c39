/**
 * `npm run check:n8n-package`: builds and packs the n8n package as it would be published, and holds it against what n8n's verification, npm
 * and its users need. Needs no n8n, no network and no database.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Report } from '../e2e/report';
import { missingFiles, MOST_BYTES, strayFiles, tooLarge, unpackedBytes, unregistered } from './contents';
import { installAsN8nDoes } from './installing';
import { judgeLoaded, loadEntryPoints } from './loading';
import { judgeManifest } from './manifest';
import { lintSources } from './n8n-lint';
import { packPackage, unpackPackage, type UnpackedPackage } from './pack';
import { scan } from './scan';

const REPOSITORY = join(__dirname, '../..');
const N8N_WORKFLOW = join(REPOSITORY, 'node_modules/n8n-workflow');

async function checkSources(report: Report, folder: string): Promise<void> {
  report.title('The sources');
  await report.check("n8n's strict lint passes", async () => expectNone(lintSources(REPOSITORY, join(folder, 'lint'))));
  await report.check("n8n's scanner passes", async () => expectNone(await scan(REPOSITORY, 'sources')));
}

async function checkTarball(report: Report, folder: string): Promise<void> {
  report.title('The tarball');
  let packed: { unpacked: UnpackedPackage; packedBytes: number } | undefined;
  await report.check('is built and packed', async () => {
    const tarball = packPackage(REPOSITORY, folder);
    packed = { unpacked: unpackPackage(tarball, join(folder, 'unpacked')), packedBytes: statSync(tarball).size };
  });
  if (packed === undefined) return;
  const { unpacked, packedBytes } = packed;
  const { files, manifest } = unpacked;

  await report.check('holds nothing that nobody meant to publish', async () => expectNone(strayFiles(unpacked)));
  await report.check('holds every node and credential, with the codex entries', async () => {
    expectNone([...missingFiles(unpacked), ...unregistered(unpacked)]);
    return `${files.length} files`;
  });
  await report.check('is small', async () => {
    expectNone(tooLarge(packedBytes, unpacked));
    return `packed ${size(packedBytes, MOST_BYTES.packed)}, unpacked ${size(unpackedBytes(files), MOST_BYTES.unpacked)}`;
  });
  await report.check("has a package.json that n8n's rules and npm take", async () =>
    expectNone(judgeManifest(manifest)),
  );
  await report.check("passes n8n's scanner", async () => expectNone(await scan(unpacked.folder, 'tarball')));
  await report.check('loads in plain node with n8n-workflow alone; icons and schemas are where it says', async () => {
    const loaded = loadEntryPoints(unpacked, N8N_WORKFLOW);
    expectNone(judgeLoaded(loaded, unpacked));
    return loaded.map(({ name }) => name).join(', ');
  });
  await report.check("installs with n8n's command, and brings nothing along", async () =>
    expectNone(installAsN8nDoes(unpacked, join(folder, 'n8n'))),
  );
}

function expectNone(findings: readonly string[]): void {
  if (findings.length > 0) throw new Error(findings.join('\n'));
}

const size = (bytes: number, most: number) => `${(bytes / 1024).toFixed(1)} KiB of at most ${(most / 1024).toFixed(0)}`;

async function main(): Promise<number> {
  const report = new Report();
  const folder = mkdtempSync(join(tmpdir(), 'talktime-package-'));
  try {
    await checkSources(report, folder);
    await checkTarball(report, folder);
    return report.finish();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main().then((code) => {
  process.exitCode = code;
});
