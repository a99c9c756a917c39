/** n8n's own scanner of community packages, which decides about verification, on folders instead of published packages. */

/** What the scanner looks at: the sources of the commit that the provenance names, and the tarball. */
export type Scanned = 'sources' | 'tarball';

/** @returns what the scanner found, as it prints it; none when it passes */
export async function scan(folder: string, what: Scanned): Promise<string[]> {
  const { analyzePackage, SOURCE_FILE_PATTERNS } = await import('@n8n/scan-community-package/scanner/scanner.mjs');
  const patterns = what === 'sources' ? SOURCE_FILE_PATTERNS : ['dist/**/*.js', 'package.json'];
  const { passed, message, details } = await analyzePackage(folder, patterns);
  // It passes with a message when no file matched: then nothing was looked at.
  if (passed && message === undefined) return [];
  return [[message, details?.trim()].filter(Boolean).join('\n')];
}
