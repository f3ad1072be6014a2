import { describe, expect, it } from '@jest/globals';
import type { HomeId } from '@biplane/kernel';
import { hourState, isSettled, missingHours } from './completeness.js';

const pool = '0193a000-0000-7000-8000-00000000000a' as HomeId;
const dedicated = '0193a000-0000-7000-8000-00000000000b' as HomeId;
const at = (text: string) => new Date(text);
// Brisbane's April 2026 has exactly 720 hours.
const april = { from: at('2026-03-31T14:00:00Z'), to: at('2026-04-30T14:00:00Z') };

describe('a period is complete when every home that served has closed every hour it served', () => {
  it('April 2026 in Brisbane waits for 720 hours', () => {
    expect(
      missingHours(april, [{ homeId: pool, from: at('2026-03-31T03:00:00Z'), to: null }], () => false),
    ).toHaveLength(720);
  });

  it('nothing is missing once each hour is vouched for', () => {
    expect(missingHours(april, [{ homeId: pool, from: april.from, to: null }], () => true)).toEqual([]);
  });

  it('two deployments on one home wait for its hours once', () => {
    const both = [
      { homeId: pool, from: april.from, to: null },
      { homeId: pool, from: at('2026-04-10T00:00:00Z'), to: null },
    ];
    expect(missingHours(april, both, () => false)).toHaveLength(720);
  });

  it('one silent hour is named', () => {
    const silent = at('2026-04-10T05:00:00Z');
    const missing = missingHours(
      april,
      [{ homeId: pool, from: april.from, to: null }],
      (_, hour) => hour.getTime() !== silent.getTime(),
    );
    expect(missing).toEqual([{ homeId: pool, hour: silent }]);
  });

  it('after a move each home is awaited for its own stretch, and both for the hour of the move', () => {
    const moved = at('2026-04-01T00:30:00Z');
    const missing = missingHours(
      { from: at('2026-03-31T23:00:00Z'), to: at('2026-04-01T02:00:00Z') },
      [
        { homeId: pool, from: at('2026-03-01T00:00:00Z'), to: moved },
        { homeId: dedicated, from: moved, to: null },
      ],
      () => false,
    );
    expect(missing).toEqual([
      { homeId: pool, hour: at('2026-03-31T23:00:00Z') },
      { homeId: pool, hour: at('2026-04-01T00:00:00Z') },
      { homeId: dedicated, hour: at('2026-04-01T00:00:00Z') },
      { homeId: dedicated, hour: at('2026-04-01T01:00:00Z') },
    ]);
  });

  it('a home that served before or after the period is not awaited', () => {
    const early = { homeId: pool, from: at('2026-01-01T00:00:00Z'), to: april.from };
    const later = { homeId: dedicated, from: april.to, to: null };
    expect(missingHours(april, [early, later], () => false)).toEqual([]);
  });
});

describe('whether nothing of an hour can be outstanding', () => {
  it.each([
    ['closed after its end, whoever ran in it', false, 'awake', true],
    ['closed after its end, of a home that fell asleep in it and woke later', false, 'to_end', true],
    ['closed by the last pod, and none ran from then on', true, 'to_end', true],
    ['closed by the last pod, but the home woke in it', true, 'awake', false],
    ['closed by nobody: the last pod was killed', null, 'to_end', false],
    ['closed by nobody, of a home that runs', null, 'awake', false],
    ['without a pod', null, 'through', true],
  ] as const)('%s', (_what, isEarly, sleep, settled) => {
    expect(isSettled({ isEarly }, sleep)).toBe(settled);
  });
});

describe('how an hour stands', () => {
  const hour = new Date('2026-04-10T11:00:00Z');
  const nothing = { closed: false, complete: false, refused: false };
  it.each([
    ['open until five minutes after its end', nothing, '2026-04-10T12:04:59.999Z', 'open'],
    ['missing from then on', nothing, '2026-04-10T12:05:00Z', 'missing'],
    [
      'mismatched when what was closed is not what is held',
      { ...nothing, closed: true },
      '2026-04-10T12:05:00Z',
      'mismatched',
    ],
    ['complete when it is', { ...nothing, closed: true, complete: true }, '2026-04-10T12:01:00Z', 'complete'],
    [
      'blocked by a window in quarantine, complete or not',
      { closed: true, complete: true, refused: true },
      '2026-04-10T13:00:00Z',
      'blocked',
    ],
  ] as const)('an hour is %s', (_what, known, now, state) => {
    expect(hourState(hour, known, new Date(now))).toBe(state);
  });
});
