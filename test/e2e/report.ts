/** Runs cases one after the other and says how each went. A failed case does not stop the others. */
export class Report {
  private passed = 0;
  private failed = 0;

  constructor(private readonly say: (line: string) => void = (line) => process.stdout.write(`${line}\n`)) {}

  title(text: string): void {
    this.say(`\n${text}`);
  }

  note(text: string): void {
    this.say(`    ${text}`);
  }

  async check(name: string, run: () => Promise<string | void>): Promise<void> {
    const started = Date.now();
    try {
      const detail = await run();
      this.passed += 1;
      this.say(`  ✓ ${name} (${Date.now() - started} ms)${detail ? `\n      ${detail}` : ''}`);
    } catch (error) {
      this.failed += 1;
      this.say(`  ✗ ${name}\n${indent(error instanceof Error ? error.message : String(error))}`);
    }
  }

  /** The last line, and the exit code that goes with it. */
  finish(): number {
    this.say(`\n${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n');
}
