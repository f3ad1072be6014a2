/** Of the pool's answers those that no other try changes: the home is not wanted, or a person has to look. */
const REFUSED = new Set([401, 404, 409]);

export const isRefusal = (status: number): boolean => REFUSED.has(status);

export interface TryAgain {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** How long after the failed try number `tries` (from 1) the next one comes. `jitter` is in [0, 1). */
export function tryAgainMs(tries: number, jitter: number, { firstMs, maxMs }: TryAgain): number {
  const ceilingMs = Math.min(maxMs, firstMs * 2 ** Math.min(tries - 1, 20));
  return Math.round(ceilingMs * (0.5 + jitter / 2));
}
