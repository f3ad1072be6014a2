import { describe, expect, it } from '@jest/globals';
import { windowsOf } from './hours.js';
import { localDays } from './local-day.js';
import { calendarMonth, nextMonth } from './month.js';
import { durationMs, type Period } from './period.js';
import { planStretches } from './plan-stretches.js';
import { daysAmong, millisIn } from './share.js';

const DAY_MS = 86_400_000;
const zones = Intl.supportedValuesOf('timeZone');
const SLICE = 50;
const slices = Array.from({ length: Math.ceil(zones.length / SLICE) }, (_, index) =>
  zones.slice(index * SLICE, (index + 1) * SLICE),
).map((slice) => [slice[0]!, slice] as const);

const months: string[] = [];
for (let month = '2020-01'; month < '2036-01'; month = nextMonth(month)) months.push(month);

/** Whether the clocks of the zone were changed in it: its length is no number of whole days of its month. */
const isOdd = (month: string, period: Period) =>
  durationMs(period) !== new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate() * DAY_MS;

const tiles = (parts: readonly Period[], whole: Period) => {
  expect([parts[0]?.from, parts.at(-1)?.to]).toEqual([whole.from, whole.to]);
  expect(parts.slice(1).map(({ from }) => from)).toEqual(parts.slice(0, -1).map(({ to }) => to));
};

describe('each zone of the IANA database, 2020 to 2035', () => {
  it.each(slices)(
    'D11: from %s on: months, days and usage windows tile over every change of the clocks',
    (_, slice) => {
      for (const timeZone of slice) {
        const periods = months.map((month) => ({ month, period: calendarMonth(month, timeZone) }));
        tiles(
          periods.map(({ period }) => period),
          { from: periods[0]!.period.from, to: periods.at(-1)!.period.to },
        );
        for (const { month, period } of periods) {
          if (!isOdd(month, period)) continue;
          const days = localDays(period, timeZone);
          tiles(
            days.map((day) => day.period),
            period,
          );
          tiles(windowsOf(period), period);
          expect([daysAmong([period], period, days), millisIn([period], period)]).toMatchObject([
            { part: days.length, whole: days.length },
            { part: durationMs(period), whole: durationMs(period) },
          ]);
          // A plan changes in the middle of the longest or the shortest day: the day is the later plan's, and nobody's twice.
          const odd = days.find((day) => durationMs(day.period) !== DAY_MS) ?? days[0]!;
          const until = new Date(odd.period.from.getTime() + durationMs(odd.period) / 2);
          const turns = [until, null].map((end) => ({ until: end, proration: 'day' as const }));
          const shares = planStretches(turns, period, days).map((part) => daysAmong(part, period, days).part);
          const before = days.filter((day) => day.period.to <= odd.period.from).length;
          expect(shares).toEqual([before, days.length - before]);
        }
      }
    },
  );
});
