import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anchoredPeriod, anchoredPeriods } from './anchor.js';
import { dayOf } from './local-day.js';
import { periodOf } from './period.js';

const zones = Intl.supportedValuesOf('timeZone');
const first = (anchor: string, months: number, count: number) =>
  Array.from({ length: count }, (_, index) =>
    dayOf(anchoredPeriod({ anchor, months }, index, 'Europe/Zurich').from, 'Europe/Zurich'),
  );

describe('anchored periods', () => {
  it.each([
    ['the 31st comes back', '2026-01-31', 1, ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31']],
    ['the 30th too, and 29 February in a leap year', '2024-01-30', 1, ['2024-01-30', '2024-02-29', '2024-03-30']],
    ['quarters', '2025-11-30', 3, ['2025-11-30', '2026-02-28', '2026-05-30', '2026-08-30']],
    ['years from a leap day', '2024-02-29', 12, ['2024-02-29', '2025-02-28', '2026-02-28', '2027-02-28', '2028-02-29']],
  ])('%s', (_why, anchor, months, days) => {
    expect(first(anchor, months, days.length)).toEqual(days);
  });

  it('D10: tile from 1970 to 2100, in every zone, and keep their day where the month has it', () => {
    const anchor = fc
      .tuple(fc.integer({ min: 1970, max: 2099 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 31 }))
      .map(([year, month, day]) => {
        const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
        return new Date(Date.UTC(year, month - 1, Math.min(day, last))).toISOString().slice(0, 10);
      });
    const months = fc.constantFrom(1, 3, 6, 12);
    fc.assert(
      fc.property(fc.constantFrom(...zones), anchor, months, fc.nat(60), (timeZone, start, every, index) => {
        const recurrence = { anchor: start, months: every };
        const [here, next] = [0, 1].map((more) => anchoredPeriod(recurrence, index + more, timeZone));
        expect(next!.from).toEqual(here!.to);
        expect(here!.from < here!.to).toBe(true);
        const date = dayOf(here!.from, timeZone);
        const [year, month] = date.split('-').map(Number) as [number, number];
        const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
        const wanted = Math.min(Number(start.slice(8)), last);
        // A zone that skipped the day begins with the next one.
        expect([wanted, wanted + 1, 1]).toContain(Number(date.slice(8)));
      }),
      { numRuns: 300 },
    );
  });

  it('are all that the bounds touch, whole, and none before the anchor', () => {
    const recurrence = { anchor: '2026-01-31', months: 1 };
    const bounds = periodOf(Date.UTC(2025, 0, 1), Date.UTC(2026, 2, 31));
    const found = anchoredPeriods(recurrence, bounds, 'UTC');
    expect(found.map(({ from, to }) => [from, to].map((at) => at.toISOString().slice(0, 10)))).toEqual([
      ['2026-01-31', '2026-02-28'],
      ['2026-02-28', '2026-03-31'],
    ]);
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 2, max: 4_000 }),
        fc.integer({ min: 1, max: 400 }),
        (timeZone, start, days) => {
          const from = Date.UTC(2026, 0, 31) + start * 86_400_000;
          const inside = periodOf(from, from + days * 86_400_000);
          const periods = anchoredPeriods(recurrence, inside, timeZone);
          expect(periods[0]!.from <= inside.from).toBe(true);
          expect(periods.at(-1)!.to >= inside.to).toBe(true);
          expect(periods.slice(1).map((period) => period.from)).toEqual(
            periods.slice(0, -1).map((period) => period.to),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of no month at all are a bug', () => {
    for (const months of [0, -1, 1.5]) {
      expect(() => anchoredPeriod({ anchor: '2026-01-31', months }, 0, 'UTC')).toThrow(RangeError);
    }
  });
});
