import { describe, expect, it } from '@jest/globals';
import { monthsToOpen, newestOpened, nextDueAt, opensAt, putOff, turnOf } from './schedule.js';

const at = (text: string) => new Date(text);

describe('the schedule of roll-ups', () => {
  it.each([
    ['2026-04', '2026-05-01T03:00:00.000Z', 'an ordinary month'],
    ['2026-12', '2027-01-01T03:00:00.000Z', 'the turn of the year'],
  ])('%s opens at %s (%s)', (month, instant) => {
    expect(opensAt(month)).toEqual(at(instant));
  });

  it.each([
    ['2026-05-01T02:59:59.999Z', '2026-03', 'a millisecond before 03:00 the month before is the newest'],
    ['2026-05-01T03:00:00.000Z', '2026-04', 'at 03:00 it has opened'],
    ['2026-05-31T23:59:59.999Z', '2026-04', 'to the end of the next month'],
    ['2026-01-15T00:00:00.000Z', '2025-12', 'over the turn of the year'],
  ])('at %s the newest is %s: %s', (now, month) => {
    expect(newestOpened(at(now))).toBe(month);
  });

  it.each<[last: string | null, months: string[], why: string]>([
    [null, ['2026-04'], 'the first time the newest alone'],
    ['2026-04', [], 'none twice'],
    ['2026-01', ['2026-02', '2026-03', '2026-04'], 'each one that nobody was there for'],
  ])('after %s it opens %s: %s', (last, months) => {
    expect(monthsToOpen(last, at('2026-05-02T00:00:00Z'))).toEqual(months);
  });

  it.each([
    ['2026-05-01T02:59:59.999Z', 'ahead'],
    ['2026-05-01T03:00:00.000Z', 'due'],
    ['2026-05-01T03:10:00.000Z', 'due'],
    ['2026-05-01T03:10:00.001Z', 'missed'],
  ])('a turn at 03:00 is at %s %s', (now, expected) => {
    expect(turnOf(opensAt('2026-04'), at(now))).toBe(expected);
  });

  it('a turn that was missed comes an hour later', () => {
    expect(putOff(at('2026-05-03T10:20:00Z'))).toEqual(at('2026-05-03T11:20:00Z'));
  });

  it.each<[now: string, isUnfinished: boolean, expected: string | null, why: string]>([
    ['2026-05-01T03:00:00.000Z', true, '2026-05-01T04:00:00.000Z', 'hourly while tenants wait'],
    ['2026-05-01T03:59:59.999Z', true, '2026-05-01T04:00:00.000Z', 'at full hours, however long a run took'],
    ['2026-09-01T03:00:00.000Z', true, '2026-09-01T04:00:00.000Z', 'for as long as someone is parked'],
    ['2026-05-01T03:00:01.000Z', false, '2026-05-02T03:00:00.000Z', 'daily when all is done: usage may come late'],
    ['2026-06-05T03:00:01.000Z', false, '2026-06-06T03:00:00.000Z', 'as long as it may come'],
    ['2026-06-06T03:00:00.000Z', false, null, 'then no more'],
  ])('run at %s (unfinished: %s) it is due again at %s: %s', (now, isUnfinished, expected) => {
    expect(nextDueAt('2026-04', isUnfinished, at(now))).toEqual(expected === null ? null : at(expected));
  });
});
