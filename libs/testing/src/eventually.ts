export interface Deadline {
  /** A minute by default: machines are shared, and a deadline is there to end what hangs. */
  readonly deadlineMs?: number;
  /** Rest between two attempts. By default twice as long as the attempt took, and at least 25 and at most 100 ms. */
  readonly everyMs?: number;
}

const DEADLINE_MS = 60_000;
const EVERY_MS = 25;
/** What is awaited needs the processor that the attempts take. */
const REST_MS_MAX = 100;

/** Repeats until it does not throw; at the deadline it throws the last error. For conditions of the outside world. */
export async function eventually<T>(attempt: () => Promise<T> | T, deadline: Deadline = {}): Promise<T> {
  const until = performance.now() + (deadline.deadlineMs ?? DEADLINE_MS);
  for (;;) {
    const from = performance.now();
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() >= until) throw error;
    }
    const restMs = deadline.everyMs ?? Math.min(Math.max(EVERY_MS, 2 * (performance.now() - from)), REST_MS_MAX);
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}

/** The first value that is neither null, undefined nor false; `what` is what the failure says was awaited. */
export function waitFor<T>(
  what: string,
  read: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  deadline: Deadline = {},
): Promise<T> {
  return eventually(async () => {
    const value = await read();
    if (value === null || value === undefined || value === false) throw new Error(`Waited in vain for ${what}`);
    return value;
  }, deadline);
}
