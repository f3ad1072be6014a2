import { describe, expect, it } from '@jest/globals';
import { ConsumerHealth } from './consumer-health.js';

describe('liveness of a consumer', () => {
  let nowMs = 0;
  let answers = true;
  const health = () => {
    nowMs = 0;
    answers = true;
    return new ConsumerHealth({ answers: async () => answers }, 30_000, () => nowMs);
  };
  const after = async (liveness: ConsumerHealth, ms: number): Promise<boolean> => {
    nowMs += ms;
    return liveness.check().then(
      () => true,
      () => false,
    );
  };

  it('a consumer that stands still while the broker answers fails it', async () => {
    const liveness = health();
    expect(await after(liveness, 15_000)).toBe(true);
    expect(await after(liveness, 15_000)).toBe(false);
  });

  it('a broker that is away never fails it, and has its whole time once it is back', async () => {
    const liveness = health();
    answers = false;
    expect(await after(liveness, 3_600_000)).toBe(true);
    answers = true;
    expect(await after(liveness, 10_000)).toBe(true);
    expect(await after(liveness, 14_000)).toBe(true);
    expect(await after(liveness, 2_000)).toBe(false);
  });

  it('failing again and again is no progress, a heartbeat is', async () => {
    const liveness = health();
    for (let i = 0; i < 5; i += 1) {
      liveness.observe({ kind: 'failed', error: new Error('crash') });
      await after(liveness, 10_000);
    }
    expect(await after(liveness, 0)).toBe(false);
    liveness.observe({ kind: 'progress' });
    expect(await after(liveness, 0)).toBe(true);
  });
});
