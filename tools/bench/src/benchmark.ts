import type { Comparison } from './rounds.js';

/** How long after the beginning something was reached, in milliseconds. */
export interface Step {
  readonly name: string;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** One figure, as a ratio to a baseline of the same run. It counts only when `oracle` held. */
export interface Finding extends Comparison {
  readonly name: string;
  readonly baseline: string;
  readonly subject: string;
  /** What was checked in the same run, so that a fast wrong answer is no result. */
  readonly oracle: string;
  /** The ratio is to be at most this. */
  readonly goal?: number;
  /** In milliseconds, when it is a delay that has a goal. */
  readonly delay?: { readonly p50: number; readonly p99: number; readonly max: number; readonly goal: number };
  /** Where the time goes, when many things are brought about at once. */
  readonly steps?: readonly Step[];
  /** When memory is compared. */
  readonly bytes?: { readonly baseline: number; readonly subject: number; readonly goal?: number };
}

export interface Benchmark {
  readonly name: string;
  run(): Promise<readonly Finding[]>;
}
