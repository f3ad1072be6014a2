const FIRST_MS = 1_000;
const MAX_MS = 5 * 60_000;

/** How long after the failed attempt number `attempts` (from 1) the next one is due. `jitter` is in [0, 1). */
export function retryDelayMs(attempts: number, jitter: number): number {
  const ceilingMs = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 20));
  return Math.round(ceilingMs * (0.5 + jitter / 2));
}

/** After this a database that another replica was creating is looked at again: its process may be dead. */
export const LOOK_AGAIN_MS = 15_000;
