/** After so many attempts a mail is dead: a day and a quarter. */
export const ATTEMPTS_MAX = 10;

const FIRST_MS = 30_000;
const FACTOR = 4;
const MAX_MS = 6 * 3_600_000;

/**
 * When a mail whose attempt failed is tried again, or null when it is dead. Waits grow fourfold from 30 s to 6 h; the upper half of each is
 * random, so that what failed together does not return together.
 */
export function nextMailAttemptAt(attempts: number, now: Date, random: number): Date | null {
  if (attempts >= ATTEMPTS_MAX) return null;
  const ceiling = Math.min(MAX_MS, FIRST_MS * FACTOR ** (attempts - 1));
  return new Date(now.getTime() + Math.round(ceiling / 2 + (ceiling / 2) * random));
}
