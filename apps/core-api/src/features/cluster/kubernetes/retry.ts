import { ClusterError } from '../cluster-gateway.js';

export interface RetryPolicy {
  /** Of one call; the call is ended then. */
  readonly callTimeoutMs: number;
  readonly attemptsMax: number;
  /** Of all attempts and pauses together: no attempt starts after it. */
  readonly budgetMs: number;
  readonly pauseBaseMs: number;
  readonly pauseMsMax: number;
}

export const RETRY_POLICY: RetryPolicy = {
  callTimeoutMs: 10_000,
  attemptsMax: 6,
  budgetMs: 45_000,
  pauseBaseMs: 100,
  pauseMsMax: 5_000,
};

/** What retrying needs of the outside; tests bring their own. */
export interface RetryTools {
  readonly pause: (ms: number) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Milliseconds of a clock that never goes back: this is technical time. */
  readonly elapsedMs: () => number;
}

export const retryTools: RetryTools = {
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: Math.random,
  elapsedMs: () => performance.now(),
};

/** Before attempt `attempt` (1 is the first one again): half of it is chance, so that many that failed together come apart. */
export function pauseMs(attempt: number, retryAfterMs: number | null, policy: RetryPolicy, random: number): number {
  const full = Math.min(policy.pauseMsMax, policy.pauseBaseMs * 2 ** (attempt - 1));
  const jittered = full / 2 + (full / 2) * random;
  // What the server asks for is waited for in full, and not by all at the same instant.
  return retryAfterMs === null ? jittered : retryAfterMs + jittered;
}

/** Runs `call` until it succeeds, fails for good or uses up the budget; the last error is thrown. */
export async function withRetries<T>(
  call: (signal: AbortSignal) => Promise<T>,
  isRetried: (error: ClusterError) => boolean,
  policy: RetryPolicy = RETRY_POLICY,
  tools: RetryTools = retryTools,
): Promise<T> {
  const started = tools.elapsedMs();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withTimeout(call, policy.callTimeoutMs);
    } catch (error) {
      if (!(error instanceof ClusterError) || !isRetried(error) || attempt >= policy.attemptsMax) throw error;
      const pause = pauseMs(attempt, error.retryAfterMs, policy, tools.random());
      if (tools.elapsedMs() - started + pause > policy.budgetMs) throw error;
      await tools.pause(pause);
    }
  }
}

async function withTimeout<T>(call: (signal: AbortSignal) => Promise<T>, timeoutMs: number): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await call(signal);
  } catch (error) {
    if (signal.aborted) throw new ClusterError('timeout', `The API server did not answer in ${timeoutMs} ms`);
    throw error;
  }
}
