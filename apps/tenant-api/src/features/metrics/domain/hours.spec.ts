import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chunkOf, firstHourOf, hourAfter, hoursToClose, isSendDue } from './hours.js';

const at = (text: string): Date => new Date(`2026-04-${text}Z`);
const HOUR_MS = 3_600_000;

describe('which hours are closed', () => {
  it.each([
    ['a millisecond too early', '10T13:04:59.999', []],
    ['5 minutes after the end', '10T13:05:00.000', ['2026-04-10T12:00:00.000Z']],
    ['in the hour itself', '10T12:30:00.000', []],
    ['before it, by a Clock that was set back', '09T00:00:00.000', []],
  ])('%s', (_why, now, hours) => {
    expect(hoursToClose(at('10T12:00:00'), at(now), 48).map((hour) => hour.toISOString())).toEqual(hours);
  });

  it('a jump of a month is 744 hours, each once, in order, in steps of any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 800 }), (max) => {
        const closed: Date[] = [];
        let through = new Date('2026-03-31T10:00:00Z');
        for (;;) {
          const due = hoursToClose(through, new Date('2026-05-01T10:05:00Z'), max);
          const last = due.at(-1);
          if (last === undefined) break;
          closed.push(...due);
          through = hourAfter(last);
        }
        expect(closed).toHaveLength(744);
        closed.forEach((hour, n) => expect(hour.getTime()).toBe(Date.parse('2026-03-31T10:00:00Z') + n * HOUR_MS));
      }),
      { numRuns: 20 },
    );
  });

  it('a chunk is filled to its bound, and an hour beyond it passes alone', () => {
    const hours = [at('10T01:00:00'), at('10T02:00:00'), at('10T03:00:00')];
    const holding =
      (...windows: number[]) =>
      (hour: Date): number =>
        windows[hours.indexOf(hour)] ?? 0;
    expect(chunkOf(hours, holding(4, 6, 1), 10)).toEqual(hours.slice(0, 2));
    expect(chunkOf(hours, holding(99, 1, 1), 10)).toEqual(hours.slice(0, 1));
    expect(chunkOf(hours, holding(0, 0, 0), 10)).toEqual(hours);
    expect(chunkOf([], holding(), 10)).toEqual([]);
  });
});

describe('from which hour a home answers', () => {
  const now = at('10T12:30:00');

  it('is the hour of the earliest placement, never a later one than is known', () => {
    expect(firstHourOf([at('10T11:59:00'), at('10T08:10:00')], at('10T12:00:00'), now)).toEqual(at('10T08:00:00'));
    expect(firstHourOf([at('11T00:00:00')], at('10T12:00:00'), now)).toEqual(at('10T12:00:00'));
    expect(firstHourOf([], at('10T12:00:00'), now)).toEqual(at('10T12:00:00'));
  });

  it('is at most 400 days back, whatever a license says', () => {
    const first = firstHourOf([new Date('1999-01-01T00:00:00Z')], at('10T12:00:00'), now);
    expect(now.getTime() - first.getTime()).toBeLessThanOrEqual(400 * 24 * HOUR_MS + HOUR_MS);
  });
});

describe('when changes are sent', () => {
  it.each([
    ['never sent', null, true],
    ['9.999 s ago', '10T12:00:00.001', false],
    ['10 s ago', '10T12:00:00.000', true],
    ['in the future of a Clock that was set back', '10T18:00:00.000', true],
  ])('%s: %s → %s', (_why, sentAt, due) => {
    expect(isSendDue(sentAt === null ? null : at(sentAt), at('10T12:00:10.000'))).toBe(due);
  });
});
