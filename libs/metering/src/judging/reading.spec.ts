import { describe, expect, it } from '@jest/globals';
import { windowOf } from '@biplane/billing-calendar';
import { parseUsageEvent, type UsageEvent } from '@biplane/contracts';
import { orThrow } from '@biplane/kernel';
import fc from 'fast-check';
import { AGE_MS_MAX, contentOf, FUTURE_MS_MAX, judge, type MeteredDeployment } from './reading.js';
import { WindowCutter } from './window-cutter.js';

const now = new Date('2026-04-10T12:30:00.000Z');
const license: MeteredDeployment = {
  version: 7,
  startsAt: '2026-01-01T00:00:00.000Z',
  calendar: { timeZone: 'Asia/Kolkata' },
  meters: {
    droplet_hours: { authority: 'data', aggregation: 'sum' },
    seats: { authority: 'control', aggregation: 'last' },
  },
};
const event = (time: string, quantity = '24', meter = 'droplet_hours'): UsageEvent =>
  orThrow(
    parseUsageEvent({
      specversion: '1.0',
      id: 'job-1',
      source: '/scheduler',
      type: 'dev.biplane.usage',
      time,
      subject: '0196fbd0-0000-7000-8000-00000000d001',
      data: { meter, quantity },
    }),
  );
const verdict = (judged: UsageEvent, claims: MeteredDeployment | undefined = license): string => {
  const result = judge(judged, claims, 'data', now, new WindowCutter());
  return result.ok ? 'counted' : result.error.code;
};
const shifted = (ms: number): string => new Date(now.getTime() + ms).toISOString();

describe('judge', () => {
  it.each([
    ['at the limit of the future', shifted(FUTURE_MS_MAX), 'counted'],
    ['beyond it', shifted(FUTURE_MS_MAX + 1), 'USAGE.IN_FUTURE'],
    ['at the limit of age', shifted(-AGE_MS_MAX), 'counted'],
    ['beyond it', shifted(-AGE_MS_MAX - 1), 'USAGE.TOO_OLD'],
    ['of the year 0001', '0001-01-01T00:00:00Z', 'USAGE.TOO_OLD'],
    ['of the year 9999', '9999-12-31T23:59:59-14:00', 'USAGE.IN_FUTURE'],
  ])('an event %s is judged by the Clock', (_why, time, expected) => {
    expect(verdict(event(time))).toBe(expected);
  });

  it('an event of an hour that ended before the deployment existed is not counted', () => {
    const young = { ...license, startsAt: '2026-04-10T11:20:00.000Z' };
    expect(verdict(event('2026-04-10T11:00:00Z'), young)).toBe('counted');
    expect(verdict(event('2026-04-10T10:59:59.999Z'), young)).toBe('USAGE.BEFORE_START');
  });

  it('only meters that the license names for the plane that is asked are counted', () => {
    expect(verdict(event(shifted(0), '1', 'seats'))).toBe('METER.WRONG_PLANE');
    for (const meter of ['droplets', 'constructor', 'to_string']) {
      expect(verdict(event(shifted(0), '1', meter))).toBe('METER.UNKNOWN');
    }
    const seats = event(shifted(0), '1', 'seats');
    expect(judge(seats, license, 'control', now, new WindowCutter())).toMatchObject({ ok: true });
    expect(judge(event(shifted(0)), undefined, 'data', now, new WindowCutter())).toMatchObject({
      error: { code: 'USAGE.DEPLOYMENT_UNKNOWN' },
    });
  });

  it('spellings of one value are the same content, other values are not', () => {
    const content = (time: string, quantity: string): string =>
      contentOf(orThrow(judge(event(time, quantity), license, 'data', now, new WindowCutter())));
    const first = content('2026-04-10T12:00:00Z', '24');
    expect(content('2026-04-10T14:00:00.000+02:00', '24.00')).toBe(first);
    expect(content('2026-04-10T12:00:00.001Z', '24')).not.toBe(first);
    expect(content('2026-04-10T12:00:00Z', '24.000000000001')).not.toBe(first);
  });
});

describe('WindowCutter', () => {
  const zones = ['UTC', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia'];

  it('gives the window of the billing calendar, whatever it was asked before', () => {
    const cutter = new WindowCutter();
    const instants = fc.date({
      min: new Date('2025-12-25T00:00:00Z'),
      max: new Date('2026-12-31T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, fc.constantFrom(...zones), (instant, zone) => {
        expect(cutter.windowOf(instant, zone)).toEqual(windowOf(instant, zone));
      }),
      { numRuns: 300 },
    );
  });

  it('cuts an hour in which a month begins at half past', () => {
    const cutter = new WindowCutter();
    const window = cutter.windowOf(new Date('2026-03-31T18:30:00Z'), 'Asia/Kolkata');
    expect(window.from.toISOString()).toBe('2026-03-31T18:30:00.000Z');
  });
});
