import { describe, expect, it } from '@jest/globals';
import { dunningTarget, remindersDue } from './overdue.js';

const dueAt = new Date('2026-05-15T03:00:00Z');
const after = (days: number, ms = 0) => new Date(dueAt.getTime() + days * 24 * 3_600_000 + ms);

describe('reminders of an invoice', () => {
  it.each<[number, number, number[], unknown, string]>([
    [7, -1, [], null, 'a millisecond before the first'],
    [7, 0, [], { send: 1, skip: [] }, 'the first'],
    [13, 0, [1], null, 'between two'],
    [14, 0, [1], { send: 2, skip: [] }, 'the second'],
    [21, 0, [1, 2], { send: 3, skip: [] }, 'the third'],
    [400, 0, [1, 2, 3], null, 'after the last'],
    [15, 0, [], { send: 2, skip: [1] }, 'a job that was late: only the last that is due'],
    [30, 0, [], { send: 3, skip: [1, 2] }, 'a job that was away for weeks'],
    [30, 0, [1], { send: 3, skip: [2] }, 'a job that stopped after the first'],
  ])('at %s days and %s ms with %j decided: %j, %s', (days, ms, decided, expected) => {
    expect(remindersDue(dueAt, decided, after(days, ms))).toEqual(expected);
  });
});

describe('dunning', () => {
  it.each([
    [14, -1, null],
    [14, 0, 'past_due'],
    [21, -1, 'past_due'],
    [21, 0, 'suspended'],
  ])('at %s days and %s ms asks for %s', (days, ms, expected) => {
    expect(dunningTarget(dueAt, after(days, ms))).toBe(expected);
  });
});
