import { describe, expect, it } from '@jest/globals';
import { addRational, compareRational, ONE_RATIONAL, rational } from '@biplane/kernel';
import fc from 'fast-check';
import { localDays } from './local-day.js';
import { calendarMonth } from './month.js';
import { durationMs, intersection, periodOf, type Period } from './period.js';
import { planStretches, type PlanTurn } from './plan-stretches.js';
import { daysAmong, evenMillisIn, millisIn, toRational, type Share } from './share.js';
import { intersect, totalMs, unite, type Stretches } from './stretches.js';

const zones = Intl.supportedValuesOf('timeZone');
const april = calendarMonth('2026-04', 'UTC');
const days = localDays(april, 'UTC');
const at = (text: string) => new Date(`2026-04-${text}Z`);
const shown = (parts: readonly Stretches[]) =>
  parts.map((part) =>
    part.map(({ from, to }) => `${from.toISOString().slice(5, 16)}/${to.toISOString().slice(5, 16)}`),
  );

const proration = fc.constantFrom('day' as const, 'second' as const);
const turnsIn = (period: Period) =>
  fc
    .tuple(
      fc.array(fc.integer({ min: +period.from - 86_400_000, max: +period.to + 86_400_000 }), { maxLength: 4 }),
      fc.array(proration, { minLength: 5, maxLength: 5 }),
    )
    .map(([cuts, prorations]): PlanTurn[] => {
      const untils = [...cuts.sort((a, b) => a - b).map((millis) => new Date(millis)), null];
      return untils.map((until, index) => ({ until, proration: prorations[index]! }));
    });
const anyMonth = fc
  .tuple(fc.constantFrom(...zones), fc.integer({ min: 2020, max: 2035 }), fc.integer({ min: 1, max: 12 }))
  .map(([timeZone, year, month]) => {
    const period = calendarMonth(`${year}-${String(month).padStart(2, '0')}`, timeZone);
    return { timeZone, period, days: localDays(period, timeZone) };
  });

const isMoreThanTheWhole = (shares: readonly Share[]) => {
  const sum = shares.map(toRational).reduce(addRational, rational(0n, 1n));
  return compareRational(sum, ONE_RATIONAL) > 0;
};

describe('the parts of a period that its plans have', () => {
  it.each([
    ['a change at noon: the day is the later plan’s', ['15T12:00:00'], ['04-01T00:00/04-15T00:00', '04-15T00:00/05-01T00:00']],
    ['a change at midnight cuts no day', ['15T00:00:00'], ['04-01T00:00/04-15T00:00', '04-15T00:00/05-01T00:00']],
    ['a change a millisecond before midnight gives the day away', ['14T23:59:59.999'], ['04-01T00:00/04-14T00:00', '04-14T00:00/05-01T00:00']],
    ['two changes in one day: the plan between them has no day', ['15T10:00:00', '15T15:00:00'], ['04-01T00:00/04-15T00:00', undefined, '04-15T00:00/05-01T00:00']],
    ['a change in the first day leaves the first plan nothing', ['01T00:00:01'], [undefined, '04-01T00:00/05-01T00:00']],
  ])('by day, %s', (_why, untils, parts) => {
    const turns = [...untils.map(at), null].map((until) => ({ until, proration: 'day' as const }));
    expect(shown(planStretches(turns, april, days))).toEqual(parts.map((part) => (part === undefined ? [] : [part])));
  }); // prettier-ignore

  it('by second, they meet where the plans do', () => {
    const turns = [at('15T12:00:00'), null].map((until) => ({ until, proration: 'second' as const }));
    expect(shown(planStretches(turns, april, days))).toEqual([
      ['04-01T00:00/04-15T12:00'],
      ['04-15T12:00/05-01T00:00'],
    ]);
  });

  it('where the later plan counts by day, the earlier one by second ends before that day', () => {
    const turns = [
      { until: at('15T12:00:00'), proration: 'second' as const },
      { until: null, proration: 'day' as const },
    ];
    expect(shown(planStretches(turns, april, days))).toEqual([
      ['04-01T00:00/04-15T00:00'],
      ['04-15T00:00/05-01T00:00'],
    ]);
  });

  it('a plan that held to the end of a period has the day that the period cuts short, whatever follows it', () => {
    const noon = periodOf(+at('01T12:00:00'), +at('15T12:00:00'));
    const turns = [at('15T18:00:00'), null].map((until) => ({ until, proration: 'day' as const }));
    expect(shown(planStretches(turns, noon, localDays(noon, 'UTC')))).toEqual([['04-01T12:00/04-15T12:00'], []]);
  });

  it('one plan has the whole period, in every zone', () => {
    fc.assert(
      fc.property(anyMonth, proration, ({ period, days: all }, by) => {
        expect(planStretches([{ until: null, proration: by }], period, all)).toEqual([[period]]);
      }),
      { numRuns: 50 },
    );
  });

  it('each local day belongs to the plan in force at its end, and to no other, in every zone', () => {
    fc.assert(
      fc.property(
        anyMonth.chain((month) => turnsIn(month.period).map((turns) => ({ ...month, turns }))),
        ({ period, days: all, turns }) => {
          const byDay = turns.map((turn) => ({ ...turn, proration: 'day' as const }));
          const parts = planStretches(byDay, period, all);
          for (const day of all) {
            const lastInstant = new Date(+day.period.to - 1);
            const inForce = byDay.findIndex(({ until }) => until === null || lastInstant < until);
            const owners = parts.flatMap((part, index) =>
              part.some((stretch) => intersection(stretch, day.period)) ? [index] : [],
            );
            expect(owners).toEqual([inForce]);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('no instant is owed twice, and the shares never add to more than the whole, however the plans count', () => {
    fc.assert(
      fc.property(
        anyMonth.chain((month) => turnsIn(month.period).map((turns) => ({ ...month, turns }))),
        ({ period, days: all, turns }) => {
          const parts = planStretches(turns, period, all);
          expect(totalMs(unite(parts.flat()))).toBe(parts.reduce((sum, part) => sum + totalMs(part), 0));
          expect(unite(parts.flat()).every(({ from, to }) => from >= period.from && to <= period.to)).toBe(true);
          const chargeable = [periodOf(+period.from + 7, +period.to - 11)];
          const isMixed = new Set(turns.map((turn) => turn.proration)).size > 1;
          const shares = parts.map((part, index) => {
            const own = intersect(chargeable, part);
            if (turns[index]!.proration === 'day') return daysAmong(own, period, all);
            return isMixed ? evenMillisIn(own, period, all) : millisIn(own, period);
          });
          expect(isMoreThanTheWhole(shares)).toBe(false);
          if (turns.every((turn) => turn.proration === 'second')) {
            expect(parts.reduce((sum, part) => sum + totalMs(part), 0)).toBe(durationMs(period));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['loses an hour behind the change', '2026-03', '2026-03-28T23:00:00Z'],
    ['gains an hour before the change', '2026-10', '2026-10-25T23:00:00Z'],
  ])('by second, then by day, in a month that %s, they are the whole and no more', (_why, month, until) => {
    const period = calendarMonth(month, 'Europe/Zurich');
    const all = localDays(period, 'Europe/Zurich');
    const turns = [
      { until: new Date(until), proration: 'second' as const },
      { until: null, proration: 'day' as const },
    ];
    const [before, after] = planStretches(turns, period, all);
    const byDay = daysAmong(after!, period, all);
    const [even, plain] = [evenMillisIn(before!, period, all), millisIn(before!, period)];
    expect(compareRational(addRational(toRational(even), toRational(byDay)), ONE_RATIONAL)).toBe(0);
    expect(isMoreThanTheWhole([plain, byDay])).toBe(true);
  });
});
