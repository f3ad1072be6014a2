/** Scenes of which most is waiting: all begin at once, and each test awaits its own. */
export class BegunTogether {
  private readonly runs: (() => Promise<void>)[] = [];
  private all: Promise<unknown> = Promise.resolve();

  /** For `it`: resolves as the scene does, which began with all others. */
  scene(run: () => Promise<void>): () => Promise<void> {
    let running: Promise<void>;
    this.runs.push(() => (running = run()));
    return () => running;
  }

  begin(): void {
    this.all = Promise.allSettled(this.runs.map((run) => run()));
  }

  /** When the last of them has ended, however it did. */
  ended(): Promise<unknown> {
    return this.all;
  }
}
