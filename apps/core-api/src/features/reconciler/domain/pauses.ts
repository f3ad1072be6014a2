const FIRST_MS = 1_000;
const MAX_MS = 60_000;

/** After a look that failed, the `attempts`-th in a row: doubled each time, half of it by chance, so that many homes do not come together. */
export function backOffMs(attempts: number, random: number): number {
  const ceilingMs = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 10));
  return Math.round(ceilingMs / 2 + (ceilingMs / 2) * random);
}

/** While something is awaited that the cluster does by itself: often at first, then a quarter of how long it has lasted. */
export function waitMs(lastedMs: number): number {
  return Math.round(Math.min(MAX_MS, Math.max(FIRST_MS, lastedMs / 4)));
}
