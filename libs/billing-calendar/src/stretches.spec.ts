import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contains, durationMs, intersection, isEmpty, periodOf, type Period } from './period.js';
import { clip, intersect, subtract, totalMs, unite } from './stretches.js';

const period = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
  .map(([from, length]) => periodOf(from, from + length));
const periods = fc.array(period, { maxLength: 6 });
const spans = (given: readonly Period[]) => given.map(({ from, to }) => [from.getTime(), to.getTime()]);
const instants = Array.from({ length: 82 }, (_, millis) => new Date(millis));
const inAny = (given: readonly Period[], instant: Date) => given.some((one) => contains(one, instant));

function expectTidy(given: readonly Period[]): void {
  given.forEach((one, index) => {
    expect(isEmpty(one)).toBe(false);
    const before = given[index - 1];
    if (before) expect(before.to < one.from).toBe(true);
  });
}

describe('Period', () => {
  it('is half-open: its start belongs to it, its end does not', () => {
    const five = periodOf(5, 8);
    expect([4, 5, 7, 8].map((millis) => contains(five, new Date(millis)))).toEqual([false, true, true, false]);
    expect(durationMs(five)).toBe(3);
  });

  it('shares nothing with a period that it merely touches', () => {
    expect(intersection(periodOf(0, 5), periodOf(5, 8))).toBeNull();
    expect(intersection(periodOf(5, 8), periodOf(0, 5))).toBeNull();
    expect(intersection(periodOf(0, 6), periodOf(5, 8))).toEqual(periodOf(5, 6));
    expect(intersection(periodOf(0, 9), periodOf(5, 8))).toEqual(periodOf(5, 8));
  });

  it('may be empty, but cannot end before it starts', () => {
    expect(isEmpty(periodOf(5, 5))).toBe(true);
    expect(() => periodOf(5, 4)).toThrow(RangeError);
    expect(() => periodOf(Number.NaN, 4)).toThrow(RangeError);
  });
});

describe('stretches', () => {
  it('unites what overlaps or touches, and drops what is empty', () => {
    expect(spans(unite([periodOf(6, 8), periodOf(0, 5), periodOf(5, 6), periodOf(9, 9), periodOf(1, 2)]))).toEqual([
      [0, 8],
    ]);
    expect(spans(unite([periodOf(6, 8), periodOf(0, 5)]))).toEqual([
      [0, 5],
      [6, 8],
    ]);
  });

  it('takes a suspension out of the middle, the start, the end, or all of a stretch', () => {
    const taken = (from: number, to: number) => spans(subtract([periodOf(10, 20)], [periodOf(from, to)]));
    expect(taken(13, 15)).toEqual([
      [10, 13],
      [15, 20],
    ]);
    expect(taken(5, 15)).toEqual([[15, 20]]);
    expect(taken(15, 25)).toEqual([[10, 15]]);
    expect(taken(10, 20)).toEqual([]);
    expect(taken(0, 10)).toEqual([[10, 20]]);
    expect(taken(20, 30)).toEqual([[10, 20]]);
  });

  it('reaches with an open end to the end of the bounds, and nowhere outside them', () => {
    const bounds = periodOf(10, 20);
    const open = (from: number) => spans(clip([{ from: new Date(from), to: null }], bounds));
    expect(open(15)).toEqual([[15, 20]]);
    expect(open(0)).toEqual([[10, 20]]);
    expect(open(20)).toEqual([]);
    expect(open(25)).toEqual([]);
    expect(spans(clip([periodOf(0, 12), periodOf(18, 30)], bounds))).toEqual([
      [10, 12],
      [18, 20],
    ]);
  });

  it('holds exactly the instants that the definition of each operation names', () => {
    fc.assert(
      fc.property(periods, periods, (a, b) => {
        const results = { unite: unite([...a, ...b]), intersect: intersect(a, b), subtract: subtract(a, b) };
        Object.values(results).forEach(expectTidy);
        const held = (given: readonly Period[]) => instants.map((instant) => inAny(given, instant));
        const [inA, inB] = [held(a), held(b)];
        expect(held(results.unite)).toEqual(inA.map((yes, index) => yes || inB[index]));
        expect(held(results.intersect)).toEqual(inA.map((yes, index) => yes && inB[index]));
        expect(held(results.subtract)).toEqual(inA.map((yes, index) => yes && !inB[index]));
        expect(totalMs(results.unite)).toBe(instants.filter((instant) => inAny([...a, ...b], instant)).length);
      }),
      { numRuns: 300 },
    );
  });

  it('takes two lists of ten thousand in one pass, not each with each', () => {
    const every = (offset: number) =>
      Array.from({ length: 10_000 }, (_, index) => periodOf(index * 10 + offset, index * 10 + offset + 5));
    const started = performance.now();
    expect(totalMs(intersect(every(0), every(3)))).toBe(20_000);
    expect(totalMs(subtract(every(0), every(3)))).toBe(30_000);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
