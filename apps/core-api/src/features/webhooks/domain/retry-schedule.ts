/** After how long a delivery is given up. */
export const GIVE_UP_MS = 3 * 24 * 3_600_000;
/** How long an endpoint may fail without a single success before it is disabled: longer than any one delivery is tried. */
export const DISABLE_AFTER_MS = 5 * 24 * 3_600_000;

const FIRST_MS = 5_000;
const FACTOR = 4;
const MAX_MS = 6 * 3_600_000;

/**
 * When a delivery that failed is tried again, or null when it has failed for good. Waits grow fourfold from 5 s to 6 h; the upper half of
 * each is random, so that what failed together does not return together. The last attempt is at the end of the three days.
 */
export function nextAttemptAt(attempts: number, now: Date, giveUpAt: Date, random: number): Date | null {
  if (now >= giveUpAt) return null;
  const ceiling = Math.min(MAX_MS, FIRST_MS * FACTOR ** Math.min(attempts - 1, 10));
  const next = now.getTime() + Math.round(ceiling / 2 + (ceiling / 2) * random);
  return new Date(Math.min(next, giveUpAt.getTime()));
}
