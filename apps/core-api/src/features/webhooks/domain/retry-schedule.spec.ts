import { describe, expect, it } from '@jest/globals';
import { DISABLE_AFTER_MS, GIVE_UP_MS, nextAttemptAt } from './retry-schedule.js';

const start = new Date('2026-04-10T12:00:00.000Z');
const giveUpAt = new Date(start.getTime() + GIVE_UP_MS);

/** All attempts of a receiver that never answers. */
function attempts(random: number): Date[] {
  const at = [start];
  for (;;) {
    const next = nextAttemptAt(at.length, at.at(-1) ?? start, giveUpAt, random);
    if (next === null) return at;
    at.push(next);
  }
}

describe('the schedule of a delivery', () => {
  it.each([0, 0.5, 0.999])('tries for three days, the last time at their end, with jitter %s', (random) => {
    const all = attempts(random);
    expect(all.at(-1)).toEqual(giveUpAt);
    expect(all.length).toBeGreaterThan(15);
    expect(all.length).toBeLessThan(40);
  });

  it('waits longer from time to time, at most six hours', () => {
    const all = attempts(0.999).map((at) => at.getTime());
    const waits = all.slice(1).map((at, index) => at - (all[index] ?? 0));
    expect(waits.slice(0, 4)).toEqual([4_998, 19_990, 79_960, 319_840]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(6 * 3_600_000);
  });

  it('spreads what failed together over half of its wait', () => {
    const [low, high] = [0, 1].map((random) => nextAttemptAt(8, start, giveUpAt, random)?.getTime() ?? 0);
    expect([(low ?? 0) - start.getTime(), (high ?? 0) - start.getTime()]).toEqual([3 * 3_600_000, 6 * 3_600_000]);
  });

  it('no single delivery that fails disables its endpoint', () => {
    expect(DISABLE_AFTER_MS).toBeGreaterThan(GIVE_UP_MS);
  });
});
