import { describe, expect, it } from '@jest/globals';
import { ClusterError } from '../cluster-gateway.js';
import { pauseMs, RETRY_POLICY, withRetries, type RetryTools } from './retry.js';

/** Time that passes only by pauses. */
function tools(): RetryTools & { readonly pauses: number[] } {
  const pauses: number[] = [];
  return {
    pauses,
    pause: async (ms) => void pauses.push(ms),
    random: () => 1,
    elapsedMs: () => pauses.reduce((sum, ms) => sum + ms, 0),
  };
}
const failing = (error: ClusterError) => {
  let calls = 0;
  return { calls: () => calls, call: () => ((calls += 1), Promise.reject(error)) };
};
const always = () => true;

describe('retries', () => {
  it('E20: pauses double up to their cap, and half of each is chance', () => {
    const at = (random: number) => [1, 2, 3, 6, 7, 20].map((attempt) => pauseMs(attempt, null, RETRY_POLICY, random));
    expect(at(1)).toEqual([100, 200, 400, 3200, 5000, 5000]);
    expect(at(0)).toEqual([50, 100, 200, 1600, 2500, 2500]);
  });

  it('E20: what the server asks for is waited for in full', () => {
    expect(pauseMs(1, 7000, RETRY_POLICY, 0)).toBeGreaterThanOrEqual(7000);
  });

  it('end after their attempts', async () => {
    const { call, calls } = failing(new ClusterError('unavailable', 'down'));
    const clock = tools();
    await expect(withRetries(call, always, RETRY_POLICY, clock)).rejects.toThrow('down');
    expect(calls()).toBe(RETRY_POLICY.attemptsMax);
    expect(clock.pauses).toEqual([100, 200, 400, 800, 1600]);
  });

  it('end before a pause that the budget has no room for', async () => {
    const { call, calls } = failing(new ClusterError('throttled', 'later', 429, 60_000));
    const clock = tools();
    await expect(withRetries(call, always, RETRY_POLICY, clock)).rejects.toMatchObject({ retryAfterMs: 60_000 });
    expect([calls(), clock.pauses]).toEqual([1, []]);
  });

  it('are not made for what will fail again, nor for a bug', async () => {
    const refused = failing(new ClusterError('forbidden', 'no'));
    await expect(withRetries(refused.call, ({ isTransient }) => isTransient, RETRY_POLICY, tools())).rejects.toThrow(
      'no',
    );
    const bug = failing(new TypeError('bug') as unknown as ClusterError);
    await expect(withRetries(bug.call, always, RETRY_POLICY, tools())).rejects.toThrow('bug');
    expect([refused.calls(), bug.calls()]).toEqual([1, 1]);
  });

  it('E20: a call that hangs is ended by its signal', async () => {
    const policy = { ...RETRY_POLICY, callTimeoutMs: 20, attemptsMax: 2 };
    const signals: AbortSignal[] = [];
    const hang = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signals.push(signal);
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    await expect(withRetries(hang, always, policy, tools())).rejects.toMatchObject({ reason: 'timeout' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(RETRY_POLICY.callTimeoutMs).toBe(10_000);
  });
});
