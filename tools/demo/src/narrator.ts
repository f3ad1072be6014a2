/** What one step has to tell: a headline, and the lines below it. */
export interface Outcome {
  readonly headline: string;
  readonly details?: readonly string[];
}

/** One finished step, as the report keeps it. */
export interface StepRecord extends Outcome {
  readonly name: string;
  readonly millis: number;
}

const nameWidth = 22;

/**
 * Tells the demo as it happens: a line when a step begins, its outcome and duration when it ends. On a terminal the
 * first line is overwritten; in a log both stand, so that a hanging step can be seen by name.
 */
export class Narrator {
  readonly records: StepRecord[] = [];

  constructor(
    private readonly out: NodeJS.WriteStream,
    private readonly clockMs: () => number,
  ) {}

  title(text: string): void {
    this.out.write(`\n${text}\n\n`);
  }

  async step(name: string, run: () => Promise<Outcome>): Promise<void> {
    const startedAt = this.clockMs();
    this.out.write(this.out.isTTY ? `  … ${name.padEnd(nameWidth)}` : `  … ${name}\n`);
    try {
      const outcome = await run();
      const millis = Math.round(this.clockMs() - startedAt);
      this.records.push({ name, millis, ...outcome });
      this.line('✓', name, outcome.headline, millis);
      for (const detail of outcome.details ?? []) this.out.write(`    ${' '.repeat(nameWidth)}${detail}\n`);
    } catch (error) {
      this.line('✗', name, 'failed', this.clockMs() - startedAt);
      throw error;
    }
  }

  private line(mark: string, name: string, headline: string, millis: number): void {
    const seconds = `${(millis / 1000).toFixed(1)} s`.padStart(8);
    this.out.write(
      `${this.out.isTTY ? '\r\u001b[2K' : ''}  ${mark} ${name.padEnd(nameWidth)}${seconds}  ${headline}\n`,
    );
  }
}
