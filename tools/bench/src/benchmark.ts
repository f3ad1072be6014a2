import type { Comparison } from './rounds.js';

/** One figure, as a ratio to a baseline of the same run. It counts only when `oracle` held. */
export interface Finding extends Comparison {
  readonly name: string;
  readonly baseline: string;
  readonly subject: string;
  /** What was checked in the same run, so that a fast wrong answer is no result. */
  readonly oracle: string;
}

export interface Benchmark {
  readonly name: string;
  run(): Promise<readonly Finding[]>;
}
