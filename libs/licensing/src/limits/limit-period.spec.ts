import { describe, expect, it } from '@jest/globals';
import { limitPeriod } from './limit-period.js';

const at = (text: string) => new Date(text);

describe('limitPeriod', () => {
  it.each([
    ['day', 'UTC', '2026-04-10T23:59:59.999Z', '2026-04-10T00:00:00.000Z', '2026-04-11T00:00:00.000Z'],
    ['day', 'Australia/Brisbane', '2026-04-10T13:59:59.999Z', '2026-04-09T14:00:00.000Z', '2026-04-10T14:00:00.000Z'],
    ['day', 'Australia/Brisbane', '2026-04-10T14:00:00.000Z', '2026-04-10T14:00:00.000Z', '2026-04-11T14:00:00.000Z'],
    ['day', 'Asia/Kathmandu', '2026-04-10T18:15:00.000Z', '2026-04-10T18:15:00.000Z', '2026-04-11T18:15:00.000Z'],
    ['day', 'Europe/Vienna', '2026-03-29T12:00:00.000Z', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['month', 'Australia/Brisbane', '2026-04-30T14:00:00.000Z', '2026-04-30T14:00:00.000Z', '2026-05-31T14:00:00.000Z'],
    ['month', 'Australia/Adelaide', '2026-04-10T00:00:00.000Z', '2026-03-31T13:30:00.000Z', '2026-04-30T14:30:00.000Z'],
    ['month', 'UTC', '2024-02-29T23:59:59.999Z', '2024-02-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
  ] as const)('a %s of %s at %s runs from %s to %s', (window, zone, now, from, to) => {
    expect(limitPeriod(window, at(now), zone)).toEqual({ from: at(from), to: at(to) });
  });

  it('a level has no window', () => {
    expect(limitPeriod(null, at('2026-04-10T12:00:00Z'), 'UTC')).toBeNull();
  });
});
