/** What n8n's scanner of community packages exports; it brings no types. */
declare module '@n8n/scan-community-package/scanner/scanner.mjs' {
  export const SOURCE_FILE_PATTERNS: string[];
  /** Lints the files of a folder that match, with no comment in them able to switch a rule off. */
  export function analyzePackage(
    packageDir: string,
    filePatterns?: string[],
  ): Promise<{ passed: boolean; message?: string; details?: string; error?: unknown }>;
}
