import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dayOf, localDays, startOfDay } from './local-day.js';
import { calendarMonth, monthOf, nextMonth, parseMonth, previousMonth } from './month.js';
import { contains, durationMs } from './period.js';
import { parseTimeZone } from './time-zone.js';

const zones = Intl.supportedValuesOf('timeZone');
const month = fc
  .tuple(fc.integer({ min: 2020, max: 2035 }), fc.integer({ min: 1, max: 12 }))
  .map(([year, number]) => `${year}-${`${number}`.padStart(2, '0')}`);
const hoursIn = (name: string, timeZone: string) => durationMs(calendarMonth(name, timeZone)) / 3_600_000;

describe('calendar months', () => {
  it('tile: in every IANA zone, the end of a month is the start of the next, and both hold their first instant', () => {
    // Each zone meets other months on each run; a failure prints its seed.
    fc.assert(
      fc.property(fc.constantFrom(...zones), month, (timeZone, name) => {
        const here = calendarMonth(name, timeZone);
        const next = calendarMonth(nextMonth(name), timeZone);
        expect(next.from).toEqual(here.to);
        expect(here.from < here.to).toBe(true);
        expect(monthOf(here.from, timeZone)).toBe(name);
        expect(monthOf(new Date(here.to.getTime() - 1), timeZone)).toBe(name);
        expect(monthOf(here.to, timeZone)).toBe(nextMonth(name));
      }),
      { numRuns: 1_000 },
    );
  });

  it('of a year make the whole year, in every IANA zone; the years 2020 to 2035 take turns', () => {
    zones.forEach((timeZone, index) => {
      const year = 2020 + (index % 16);
      const names = Array.from({ length: 12 }, (_, number) => `${year}-${`${number + 1}`.padStart(2, '0')}`);
      const sum = names.reduce((total, name) => total + durationMs(calendarMonth(name, timeZone)), 0);
      expect(sum).toBe(+startOfDay(`${year + 1}-01-01`, timeZone) - +startOfDay(`${year}-01-01`, timeZone));
    });
  });

  it.each([
    ['2026-04', 'Australia/Brisbane', 720, 'no daylight saving'],
    ['2026-03', 'Europe/Zurich', 743, 'clocks go forward'],
    ['2026-10', 'Europe/Zurich', 745, 'clocks go back'],
    ['2026-04', 'Australia/Lord_Howe', 720.5, 'clocks move by half an hour'],
    ['2011-12', 'Pacific/Apia', 720, '30 December was skipped'],
    ['2024-02', 'UTC', 696, 'leap year'],
    ['2026-02', 'UTC', 672, 'common year'],
  ])('%s in %s has %f hours (%s)', (name, timeZone, hours) => {
    expect(hoursIn(name, timeZone)).toBe(hours);
  });

  it('is cut at local midnight', () => {
    expect(calendarMonth('2026-04', 'Australia/Brisbane')).toEqual({
      from: new Date('2026-03-31T14:00:00Z'),
      to: new Date('2026-04-30T14:00:00Z'),
    });
    expect(calendarMonth('2026-12', 'Asia/Kathmandu').to).toEqual(new Date('2026-12-31T18:15:00Z'));
    expect(monthOf(new Date('2026-03-31T14:00:00Z'), 'Australia/Brisbane')).toBe('2026-04');
    expect(monthOf(new Date('2026-03-31T13:59:59.999Z'), 'Australia/Brisbane')).toBe('2026-03');
  });

  it('follows and precedes over the turn of the year', () => {
    expect([nextMonth('2026-04'), nextMonth('2026-12')]).toEqual(['2026-05', '2027-01']);
    expect([previousMonth('2026-04'), previousMonth('2026-01')]).toEqual(['2026-03', '2025-12']);
  });

  it('is written 2026-04 and in no other way', () => {
    expect(['2026-01', '2026-12', '1000-01', '9999-12'].map((text) => parseMonth(text).ok)).not.toContain(false);
    for (const text of [
      '2026-00',
      '2026-13',
      '2026-4',
      '26-04',
      '0999-01',
      '2026-04-01',
      ' 2026-04',
      '',
      null,
      202604,
    ]) {
      const result = parseMonth(text);
      expect(result.ok ? text : result.error.code).toBe('CALENDAR.MONTH_INVALID');
    }
  });
});

describe('local days', () => {
  it('tile each month of every IANA zone, dates rising', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), month, (timeZone, name) => {
        const period = calendarMonth(name, timeZone);
        const days = localDays(period, timeZone);
        expect(days[0]!.period.from).toEqual(period.from);
        expect(days.at(-1)!.period.to).toEqual(period.to);
        const dates = days.map((day) => day.date);
        expect(dates).toEqual([...new Set(dates)].sort());
        expect(days.slice(1).map((day) => day.period.from)).toEqual(days.slice(0, -1).map((day) => day.period.to));
        expect(days.map((day) => dayOf(day.period.from, timeZone))).toEqual(dates);
        expect(days.map((day) => dayOf(new Date(day.period.to.getTime() - 1), timeZone))).toEqual(dates);
      }),
      { numRuns: 60 },
    );
  });

  it('leave out the date that Samoa skipped', () => {
    const days = localDays(calendarMonth('2011-12', 'Pacific/Apia'), 'Pacific/Apia');
    expect(days).toHaveLength(30);
    expect(days.slice(-3).map((day) => day.date)).toEqual(['2011-12-28', '2011-12-29', '2011-12-31']);
    expect(startOfDay('2011-12-30', 'Pacific/Apia')).toEqual(startOfDay('2011-12-31', 'Pacific/Apia'));
  });

  it('begin at the first instant that exists where clocks jump over midnight', () => {
    expect(startOfDay('2026-04-24', 'Africa/Cairo')).toEqual(new Date('2026-04-23T22:00:00Z'));
    expect(dayOf(new Date('2026-04-23T22:00:00Z'), 'Africa/Cairo')).toBe('2026-04-24');
    expect(dayOf(new Date('2026-04-23T21:59:59.999Z'), 'Africa/Cairo')).toBe('2026-04-23');
  });

  it('hold each instant once where clocks went back over midnight', () => {
    // St. John's, 7 November 2010: 00:01 became 23:01 of the 6th again.
    const zone = 'America/St_Johns';
    const start = startOfDay('2010-11-07', zone);
    expect(start).toEqual(new Date('2010-11-07T02:30:00Z'));
    expect(dayOf(new Date('2010-11-07T02:45:00Z'), zone)).toBe('2010-11-07');
    const days = localDays({ from: new Date('2010-11-06T12:00:00Z'), to: new Date('2010-11-07T12:00:00Z') }, zone);
    expect(days.map((day) => day.date)).toEqual(['2010-11-06', '2010-11-07']);
    expect(days.every((day) => contains(day.period, day.period.from))).toBe(true);
  });

  it('are every day that a period touches, whole', () => {
    const days = (from: string, to: string) =>
      localDays({ from: new Date(from), to: new Date(to) }, 'UTC').map((day) => day.date);
    expect(days('2026-04-01T23:59:59.999Z', '2026-04-03T00:00:00.001Z')).toEqual([
      '2026-04-01',
      '2026-04-02',
      '2026-04-03',
    ]);
    expect(days('2026-04-01T00:00:00Z', '2026-04-02T00:00:00Z')).toEqual(['2026-04-01']);
    expect(days('2026-04-01T00:00:00Z', '2026-04-01T00:00:00Z')).toEqual([]);
  });
});

describe('time zones', () => {
  it('are IANA names, given back in their usual spelling', () => {
    const read = (text: unknown) => {
      const result = parseTimeZone(text);
      return result.ok ? result.value : result.error.code;
    };
    for (const zone of zones) expect(read(zone)).toBe(zone);
    expect(read('australia/brisbane')).toBe('Australia/Brisbane');
    expect(read('UTC')).toBe('UTC');
    for (const bad of ['+10:00', '-0500', 'Mars/Olympus', '', ' UTC', 'UTC\n', 'a'.repeat(65), null, 10]) {
      expect(read(bad)).toBe('CALENDAR.TIME_ZONE_UNKNOWN');
    }
  });
});
