import { describe, expect, it } from '@jest/globals';
import { eventually, waitFor } from './eventually.js';

describe('a condition that is awaited', () => {
  it('costs at most a third of the time, however long an attempt takes', async () => {
    const [attemptMs, deadlineMs] = [30, 600];
    let attempts = 0;
    const attempt = async (): Promise<void> => {
      attempts += 1;
      const until = performance.now() + attemptMs;
      while (performance.now() < until);
      throw new Error('not yet');
    };
    await expect(eventually(attempt, { deadlineMs })).rejects.toThrow('not yet');
    expect(attempts).toBeLessThanOrEqual(deadlineMs / (3 * attemptMs) + 2);
  });

  it('is named when it does not come', async () => {
    await expect(waitFor('the impossible', () => false, { deadlineMs: 1 })).rejects.toThrow(
      'Waited in vain for the impossible',
    );
  });
});
