import { describe, expect, it } from '@jest/globals';
import { addRational, compareRational, ONE_RATIONAL, rational } from '@biplane/kernel';
import fc from 'fast-check';
import { localDays } from './local-day.js';
import { calendarMonth } from './month.js';
import { intersection, periodOf, type Period } from './period.js';
import { daysIn, evenMillisIn, millisIn, shareByDay, shareBySecond } from './share.js';

const zones = Intl.supportedValuesOf('timeZone');
const january = calendarMonth('2026-01', 'UTC');
const span = (from: string, to: string): Period => ({ from: new Date(from), to: new Date(to) });
const from16th = [span('2026-01-16T00:00:00Z', '2026-02-01T00:00:00Z')];

/** Cuts a period into stretches at given parts of its length, every second one kept. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 8 });
function stretchesOf(period: Period, parts: readonly number[]): Period[] {
  const [start, end] = [period.from.getTime(), period.to.getTime()];
  const at = parts.map((part) => Math.round(start + part * (end - start))).sort((a, b) => a - b);
  return at.flatMap((from, index) =>
    index % 2 === 0 && index + 1 < at.length ? [periodOf(from, at[index + 1]!)] : [],
  );
}

describe('shares of a period', () => {
  it('the 16th to the end of January is 16 of 31 days, one added to neither side', () => {
    expect(daysIn(from16th, january, 'UTC')).toEqual({ part: 16, whole: 31 });
    expect(shareByDay(from16th, january, 'UTC')).toEqual(rational(16n, 31n));
  });

  it('a day counts when at any instant of it a stretch holds, and only once', () => {
    const days = (...stretches: Period[]) => daysIn(stretches, january, 'UTC').part;
    expect(days(span('2026-01-03T23:59:59.999Z', '2026-01-04T00:00:00Z'))).toBe(1);
    expect(days(span('2026-01-03T23:59:59.999Z', '2026-01-04T00:00:00.001Z'))).toBe(2);
    expect(days(span('2026-01-03T10:00:00Z', '2026-01-03T10:00:00Z'))).toBe(0);
    expect(
      days(span('2026-01-03T10:00:00Z', '2026-01-03T11:00:00Z'), span('2026-01-03T12:00:00Z', '2026-01-03T13:00:00Z')),
    ).toBe(1);
    expect(days()).toBe(0);
  });

  it('one pass over the days counts what looking at each day with each stretch would', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), cuts, (timeZone, parts) => {
        const month = calendarMonth('2026-04', timeZone);
        const stretches = stretchesOf(month, parts);
        const touched = localDays(month, timeZone).filter((day) =>
          stretches.some((stretch) => intersection(stretch, day.period) !== null),
        );
        expect(daysIn(stretches, month, timeZone).part).toBe(touched.length);
      }),
    );
  });

  it('where days weigh the same, half of a day is half of it, however long it is, and all of a period the whole', () => {
    const march = calendarMonth('2026-03', 'Europe/Zurich');
    const days = localDays(march, 'Europe/Zurich');
    const share = (...stretches: Period[]) => evenMillisIn(stretches, march, days);
    const whole = 31 * 86_400_000;
    // The 29th has 23 hours.
    expect(share(span('2026-03-28T23:00:00Z', '2026-03-29T10:30:00Z'))).toEqual({ part: 43_200_000, whole });
    expect(share(span('2026-03-28T11:00:00Z', '2026-03-29T10:30:00Z'))).toEqual({ part: 86_400_000, whole });
    expect(share(march)).toEqual({ part: whole, whole });
    const cut = periodOf(march.from.getTime() + 43_200_000, march.to.getTime() - 7);
    expect(evenMillisIn([march], cut, days)).toEqual({ part: whole, whole });
  });

  it('golden bill 4: 3 January 10:00-18:00 and 10 January to 12 January 23:59 are 4 days', () => {
    const stretches = [
      span('2026-01-03T10:00:00Z', '2026-01-03T18:00:00Z'),
      span('2026-01-10T00:00:00Z', '2026-01-12T23:59:00Z'),
    ];
    expect(daysIn(stretches, january, 'UTC').part).toBe(4);
  });

  it('counts every local day that the period touches, and no instant outside the period', () => {
    const odd = span('2026-01-10T12:00:00Z', '2026-01-12T12:00:00Z');
    expect(daysIn([january], odd, 'UTC')).toEqual({ part: 3, whole: 3 });
    expect(daysIn([span('2026-01-10T00:00:00Z', '2026-01-10T12:00:00Z')], odd, 'UTC')).toEqual({ part: 0, whole: 3 });
    expect(millisIn([january], odd)).toEqual({ part: 172_800_000, whole: 172_800_000 });
  });

  it('cuts days in the zone, not in UTC', () => {
    const brisbane = calendarMonth('2026-04', 'Australia/Brisbane');
    const firstHour = [span('2026-03-31T14:00:00Z', '2026-03-31T15:00:00Z')];
    expect(daysIn(firstHour, brisbane, 'Australia/Brisbane')).toEqual({ part: 1, whole: 30 });
  });

  it('by second, overlapping stretches are one sum', () => {
    const twice = [...from16th, span('2026-01-20T00:00:00Z', '2026-01-25T00:00:00Z')];
    expect(shareBySecond(twice, january)).toEqual(rational(16n, 31n));
    expect(shareBySecond([span('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.001Z')], january)).toEqual(
      rational(1n, 2_678_400_000n),
    );
  });

  it('is never above one nor below zero, and one for the whole period, in every zone', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 1, max: 12 }), cuts, (timeZone, number, parts) => {
        const period = calendarMonth(`2026-${`${number}`.padStart(2, '0')}`, timeZone);
        const wide = { from: new Date(period.from.getTime() - 1e9), to: new Date(period.to.getTime() + 1e9) };
        for (const share of [shareByDay, shareBySecond]) {
          const some = share(stretchesOf(wide, parts), period, timeZone);
          expect(compareRational(some, ONE_RATIONAL)).not.toBe(1);
          expect(some.numerator >= 0n).toBe(true);
          expect(share([period], period, timeZone)).toEqual(ONE_RATIONAL);
          expect(share([wide], period, timeZone)).toEqual(ONE_RATIONAL);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('two parts of a period that is cut at a local midnight (by day) or anywhere (by second) add up to one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 2_678_399_999 }), (day, millis) => {
        const midnight = january.from.getTime() + day * 86_400_000;
        const byDay = [periodOf(+january.from, midnight), periodOf(midnight, +january.to)].map((part) =>
          shareByDay([part], january, 'UTC'),
        );
        expect(addRational(byDay[0]!, byDay[1]!)).toEqual(ONE_RATIONAL);
        const cut = january.from.getTime() + millis;
        const bySecond = [periodOf(+january.from, cut), periodOf(cut, +january.to)].map((part) =>
          shareBySecond([part], january),
        );
        expect(addRational(bySecond[0]!, bySecond[1]!)).toEqual(ONE_RATIONAL);
      }),
    );
  });
});
