import { fork, type ChildProcess } from 'node:child_process';

/** A process of this package's own, which answers messages. What it says on its error output is ours to say. */
export class BenchChild {
  private constructor(private readonly child: ChildProcess) {}

  /** `input` is the first message it gets. Resolves with the first thing that it tells. */
  static async start<T>(file: string, input: unknown): Promise<{ child: BenchChild; first: T }> {
    const child = new BenchChild(fork(new URL(file, import.meta.url), [], { execArgv: [] }));
    return { child, first: await child.ask<T>(input) };
  }

  /** What it answers to a message. */
  ask<T>(message: unknown): Promise<T> {
    const answer = this.next<T>();
    this.child.send(message as string);
    return answer;
  }

  next<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error('a process of the benchmark ended'));
      this.child.once('exit', onExit);
      this.child.once('message', (message) => {
        this.child.off('exit', onExit);
        resolve(message as T);
      });
    });
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}

/** In the child: what it was started with. */
export function input<T>(): Promise<T> {
  return new Promise((resolve) => process.once('message', (message) => resolve(message as T)));
}

/** In the child: to whoever started it. */
export function tell(message: unknown): void {
  process.send?.(message);
}
