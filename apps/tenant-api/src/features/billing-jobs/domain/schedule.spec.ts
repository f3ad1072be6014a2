import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dayOf, startOfDay } from '@biplane/billing-calendar';
import { readJob } from './job.js';
import { nextTurn } from './schedule.js';

const zurich = 'Europe/Zurich';
const at = (text: string) => new Date(text);

describe('when a run is due', () => {
  it.each([
    ['every day, over the night in which clocks go forward', null, '2026-03-28T23:30:00Z', '2026-03-29T22:00:00.000Z'],
    ['every day, as one begins', null, '2026-03-27T23:00:00Z', '2026-03-28T23:00:00.000Z'],
    ['on the first, within a month', 1, '2026-03-15T00:00:00Z', '2026-03-31T22:00:00.000Z'],
    ['on the first, as it begins', 1, '2026-03-31T22:00:00Z', '2026-04-30T22:00:00.000Z'],
    ['on the 28th, before it', 28, '2026-02-10T00:00:00Z', '2026-02-27T23:00:00.000Z'],
    ['on the 28th, over the end of a year', 28, '2026-12-30T00:00:00Z', '2027-01-27T23:00:00.000Z'],
  ])('%s', (_when, dayOfMonth, after, expected) => {
    expect(nextTurn({ dayOfMonth, timeZone: zurich }, at(after)).toISOString()).toBe(expected);
  });

  it('is always the first beginning of such a day after the instant, in every zone', () => {
    const zones = fc.constantFrom(zurich, 'America/New_York', 'Pacific/Apia', 'Australia/Lord_Howe', 'UTC');
    const instants = fc.date({ min: at('2020-01-01T00:00:00Z'), max: at('2035-12-31T00:00:00Z'), noInvalidDate: true });
    const days = fc.option(fc.integer({ min: 1, max: 28 }), { nil: null });
    fc.assert(
      fc.property(zones, instants, days, (timeZone, after, dayOfMonth) => {
        const turn = nextTurn({ dayOfMonth, timeZone }, after);
        const day = dayOf(turn, timeZone);
        expect(turn > after).toBe(true);
        expect(startOfDay(day, timeZone)).toEqual(turn);
        if (dayOfMonth !== null) expect(Number(day.slice(8))).toBe(dayOfMonth);
        const longest = dayOfMonth === null ? 2 : 32;
        expect(turn.getTime() - after.getTime()).toBeLessThan(longest * 86_400_000);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a job of the queue', () => {
  const good = { deploymentId: '01990000-0000-7000-8000-000000000001', epoch: 2 };
  it('is read for what it says, and anything else is none', () => {
    expect(readJob({ ...good, amount: '5' })).toEqual(good);
    for (const bad of [null, 'x', {}, { ...good, epoch: 0 }, { ...good, epoch: '2' }, { ...good, deploymentId: 'x' }]) {
      expect(readJob(bad)).toBeNull();
    }
  });
});
