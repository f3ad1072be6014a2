const FIRST_MS = 250;
const MAX_MS = 30_000;
/** A service that names a longer time is asked earlier: it may have been mended. */
const RETRY_AFTER_MS_MAX = 300_000;

/** Doubles up to 30 s; the upper half is random, so that clients that failed together do not return together. */
export function backoffMs(failures: number, retryAfterMs = 0, random: () => number = Math.random): number {
  const ceiling = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  return Math.max(Math.round((ceiling / 2) * (1 + random())), Math.min(retryAfterMs, RETRY_AFTER_MS_MAX));
}

/** `Retry-After` in seconds, as the services send it. Its other form, a date, would need the clocks to agree. */
export function retryAfterMs(header: string | null): number {
  const seconds = /^\d{1,6}$/.test(header ?? '') ? Number(header) : 0;
  return seconds * 1000;
}

/** A wait that an abort ends early: it resolves then too, and the caller looks at its own state. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
