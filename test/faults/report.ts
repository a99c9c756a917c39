const MOST_LINES = 12;

/** Counts what held and what did not. What held is told in summaries; what did not, at once and in full. */
export class Report {
  #passed = 0;
  #failed = 0;

  constructor(private readonly write: (line: string) => void) {}

  title(text: string): void {
    this.write(`\n${text}`);
  }

  say(text: string): void {
    this.write(`  ${text}`);
  }

  /** One check: it holds when there is nothing to tell against it. */
  check(name: string, findings: readonly string[], { quiet = false, detail = '' } = {}): boolean {
    if (findings.length === 0) {
      this.#passed++;
      if (!quiet) this.say(`✓ ${name}${detail && `: ${detail}`}`);
      return true;
    }
    this.#failed++;
    this.say(`✗ ${name}`);
    for (const finding of findings.slice(0, MOST_LINES)) this.say(`    ${finding.replaceAll('\n', '\n      ')}`);
    if (findings.length > MOST_LINES) this.say(`    … and ${findings.length - MOST_LINES} more`);
    return false;
  }

  get failed(): number {
    return this.#failed;
  }

  /** The last line, and the exit code that goes with it. */
  finish(): number {
    this.write(`\n${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }
}
