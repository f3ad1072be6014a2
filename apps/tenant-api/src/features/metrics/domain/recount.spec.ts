import { describe, expect, it } from '@jest/globals';
import { isRecounted, RECOUNT_AGE_MS_MAX } from './recount.js';

const HOUR_MS = 3_600_000;
const start = Date.parse('2026-04-10T00:20:00Z');
const now = (run: number): Date => new Date(start + run * HOUR_MS);

describe('which hours are recounted', () => {
  it('the last two days each time, every older hour once a day, and none after that', () => {
    const runs = Array.from({ length: 24 }, (_, run) => run);
    for (let age = 0; age < 45 * 24; age += 1) {
      const hour = new Date(Math.floor(start / HOUR_MS) * HOUR_MS - age * HOUR_MS);
      const recounted = runs.filter((run) => isRecounted(hour, now(run))).length;
      if (age <= 24) expect(recounted).toBe(24);
      else if (age < RECOUNT_AGE_MS_MAX / HOUR_MS - 24) expect(recounted).toBeGreaterThanOrEqual(1);
      else if (age > RECOUNT_AGE_MS_MAX / HOUR_MS) expect(recounted).toBe(0);
    }
  });
});
