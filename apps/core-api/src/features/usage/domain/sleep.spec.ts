import { describe, expect, it } from '@jest/globals';
import { sleepOf } from './sleep.js';

const at = (time: string) => new Date(`2026-04-10T${time}:00.000Z`);

describe('how a home slept in an hour', () => {
  it.each([
    ['the hour in which it fell asleep, which it slept to its end', '02:10', '05:30', '02:00', 'to_end'],
    ['an hour without a pod', '02:10', '05:30', '03:00', 'through'],
    ['the last whole one', '02:10', '05:00', '04:00', 'through'],
    ['the hour in which it woke', '02:10', '05:30', '05:00', 'awake'],
    ['an hour in which it fell asleep and woke', '02:10', '02:50', '02:00', 'awake'],
    ['the hour before it fell asleep', '02:00', '05:30', '01:00', 'awake'],
    ['an hour of a sleep that lasts', '02:10', null, '23:00', 'through'],
    ['the hour in which a sleep began that lasts', '02:10', null, '02:00', 'to_end'],
  ] as const)('%s', (_what, from, to, hour, sleep) => {
    expect(sleepOf([{ from: at(from), to: to === null ? null : at(to) }], at(hour))).toBe(sleep);
  });

  it('is told by the last of its sleeps', () => {
    const stops = [
      { from: at('02:10'), to: at('02:20') },
      { from: at('02:40'), to: null },
    ];
    expect(sleepOf(stops, at('02:00'))).toBe('to_end');
    expect(sleepOf([], at('02:00'))).toBe('awake');
  });
});
