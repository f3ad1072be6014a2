import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hourOf, hoursOf, windowOf, windowsOf } from './hours.js';
import { calendarMonth, monthOf } from './month.js';
import { contains, durationMs, periodOf } from './period.js';
import { utcMidnightAtOrAfter } from './term.js';

const zones = Intl.supportedValuesOf('timeZone');
const year2020 = Date.UTC(2020, 0, 1);
const year2036 = Date.UTC(2036, 0, 1);
const instant = fc.integer({ min: year2020, max: year2036 }).map((millis) => new Date(millis));

describe('usage windows', () => {
  it('tile the months of every IANA zone, none longer than an hour, none across a UTC hour', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), instant, (timeZone, at) => {
        const month = calendarMonth(monthOf(at, timeZone), timeZone);
        const windows = windowsOf(month);
        expect(windows[0]!.from).toEqual(month.from);
        expect(windows.at(-1)!.to).toEqual(month.to);
        expect(windows.every((window, index) => index === 0 || +windows[index - 1]!.to === +window.from)).toBe(true);
        expect(windows.every((window) => +hourOf(window.from).to >= +window.to)).toBe(true);
        expect(windows.filter((window) => contains(window, at))).toEqual([windowOf(at, timeZone)]);
      }),
      { numRuns: 60 },
    );
  });

  it('are cut where a month of Kathmandu (+05:45) ends inside a UTC hour', () => {
    const before = windowOf(new Date('2026-04-30T18:14:59.999Z'), 'Asia/Kathmandu');
    const after = windowOf(new Date('2026-04-30T18:15:00Z'), 'Asia/Kathmandu');
    expect(before).toEqual({ from: new Date('2026-04-30T18:00:00Z'), to: new Date('2026-04-30T18:15:00Z') });
    expect(after).toEqual({ from: new Date('2026-04-30T18:15:00Z'), to: new Date('2026-04-30T19:00:00Z') });
  });

  it('are the 720 hours of April in Brisbane', () => {
    const windows = windowsOf(calendarMonth('2026-04', 'Australia/Brisbane'));
    expect(windows).toHaveLength(720);
    expect(windows.every((window) => durationMs(window) === 3_600_000)).toBe(true);
  });
});

describe('UTC hours', () => {
  it('hold their first instant and not their last', () => {
    const noon = Date.UTC(2026, 3, 10, 12);
    expect(hourOf(new Date(noon)).from.getTime()).toBe(noon);
    expect(hourOf(new Date(noon - 1)).to.getTime()).toBe(noon);
    expect(hourOf(new Date(-1))).toEqual(periodOf(-3_600_000, 0));
  });

  it('of a period are all that it touches, whole', () => {
    const hour = 3_600_000;
    expect(hoursOf(periodOf(hour - 1, 2 * hour + 1))).toEqual([
      periodOf(0, hour),
      periodOf(hour, 2 * hour),
      periodOf(2 * hour, 3 * hour),
    ]);
    expect(hoursOf(periodOf(0, hour))).toEqual([periodOf(0, hour)]);
    expect(hoursOf(periodOf(5, 5))).toEqual([]);
    expect(windowsOf(periodOf(5, 5))).toEqual([]);
  });
});

describe('utcMidnightAtOrAfter', () => {
  it.each([
    ['2026-04-30T14:00:00.000Z', '2026-05-01T00:00:00.000Z', 'a period that ends in Brisbane'],
    ['2026-05-01T00:00:00.000Z', '2026-05-01T00:00:00.000Z', '24:00 itself'],
    ['2026-05-01T00:00:00.001Z', '2026-05-02T00:00:00.000Z', 'just after 24:00'],
    ['2026-05-01T04:00:00.000Z', '2026-05-02T00:00:00.000Z', 'a period that ends in New York'],
  ])('%s → %s (%s)', (from, to) => {
    expect(utcMidnightAtOrAfter(new Date(from)).toISOString()).toBe(to);
  });
});
