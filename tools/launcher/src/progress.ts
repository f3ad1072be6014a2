/** One line per finished step, with its seconds: as good in a CI log as in a terminal. */
export class Progress {
  constructor(private readonly write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`)) {}

  note(line: string): void {
    this.write(`    ${line}`);
  }

  heading(line: string): void {
    this.write(`\n${line}`);
  }

  readonly step = async <T>(title: string, work: () => Promise<T>): Promise<T> => {
    const from = performance.now();
    try {
      const result = await work();
      this.write(`  ✓ ${title} (${seconds(from)})`);
      return result;
    } catch (error) {
      this.write(`  ✗ ${title} (${seconds(from)})`);
      throw error;
    }
  };
}

export function seconds(from: number): string {
  return `${((performance.now() - from) / 1000).toFixed(1)} s`;
}
