/** What may be in the tarball, what must be, and how much of it. */
import { entryPoints } from './manifest';
import type { UnpackedPackage } from './pack';

/** All that is published. No name of a module has a dot in it, so tests, maps and declarations fit nowhere. */
const ALLOWED = [
  /^(package\.json|LICENSE|README\.md)$/,
  /^dist\/credentials\/[A-Z][A-Za-z]*\.credentials\.js$/,
  /^dist\/nodes\/([A-Z][A-Za-z]*)\/\1\.node\.(js|json)$/, // the node, and its entry in the codex
  /^dist\/nodes\/[A-Z][A-Za-z]*\/__schema__\/v\d+\.\d+\.\d+(\/[a-z][A-Za-z]*)*\.json$/, // the whole, or a resource's operation
  /^dist\/nodes\/(shared|[A-Z][A-Za-z]*)\/([a-z][A-Za-z]*\/)*[a-z][A-Za-z]*\.js$/,
  /^dist\/nodes\/icons\/[a-z][A-Za-z]*(\.dark)?\.svg$/,
];

const REQUIRED = ['package.json', 'LICENSE', 'README.md'];

/** Twice what it was with seven nodes: 32 KiB packed, 148 KiB unpacked. */
export const MOST_BYTES = { packed: 64 * 1024, unpacked: 296 * 1024 };

/** Files that nobody meant to publish. */
export function strayFiles({ files }: Pick<UnpackedPackage, 'files'>): string[] {
  return files
    .filter(({ path }) => !ALLOWED.some((pattern) => pattern.test(path)))
    .map(({ path }) => `${path} is not on the list of what is published`);
}

/** What is not there, or empty: every entry point, and the codex entry beside each node. */
export function missingFiles({ files, manifest }: Pick<UnpackedPackage, 'files' | 'manifest'>): string[] {
  const { nodes, credentials } = entryPoints(manifest);
  const there = (path: string) => files.some((file) => file.path === path && file.bytes > 0);
  return [...REQUIRED, ...credentials, ...nodes, ...nodes.map(codexOf)]
    .filter((path) => !there(path))
    .map((path) => `${path} is missing or empty`);
}

/** Nodes and credentials that are shipped, but that n8n is not told of. */
export function unregistered({ files, manifest }: Pick<UnpackedPackage, 'files' | 'manifest'>): string[] {
  const { nodes, credentials } = entryPoints(manifest);
  const known = new Set([...nodes, ...credentials]);
  return files
    .filter(({ path }) => /\.(node|credentials)\.js$/.test(path) && !known.has(path))
    .map(({ path }) => `${path} is not named in package.json's n8n`);
}

export function tooLarge(packedBytes: number, { files }: Pick<UnpackedPackage, 'files'>): string[] {
  const sizes = { packed: packedBytes, unpacked: unpackedBytes(files) };
  return (['packed', 'unpacked'] as const)
    .filter((form) => sizes[form] > MOST_BYTES[form])
    .map((form) => `${form}, it has ${sizes[form]} bytes; at most ${MOST_BYTES[form]} were expected`);
}

export function unpackedBytes(files: UnpackedPackage['files']): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

const codexOf = (node: string): string => node.replace(/\.js$/, '.json');
