import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mergeViolation, severityOf, type ViolationState } from './violation.js';

const state: ViolationState = {
  kind: 'denied',
  severity: 'warning',
  used: '10',
  cap: '10',
  threshold: null,
  licenseVersion: 3,
  count: 1,
  firstAt: new Date(1_000),
  lastAt: new Date(2_000),
};

const report: fc.Arbitrary<ViolationState> = fc
  .record({
    used: fc.constantFrom('8', '9', '10', null),
    cap: fc.constantFrom('10', '12', null),
    threshold: fc.constantFrom('0.8', '1', null),
    licenseVersion: fc.integer({ min: 1, max: 3 }),
    count: fc.integer({ min: 1, max: 6 }),
    firstAt: fc.integer({ min: 0, max: 3 }).map((ms) => new Date(ms)),
    lastAt: fc.integer({ min: 3, max: 5 }).map((ms) => new Date(ms)),
  })
  .map((figures) => ({ ...figures, kind: 'denied' as const, severity: severityOf({ ...figures, kind: 'denied' }) }));

const WIDE = `${'9'.repeat(30)}.${'9'.repeat(12)}`;
const fold = (reports: readonly ViolationState[]) =>
  reports.slice(1).reduce((held, next) => mergeViolation(held, next, next.count), reports[0]!);

describe('the severity of a violation', () => {
  it.each([
    ['a threshold that is passed informs', { kind: 'warned', used: '8', cap: '10', count: 99 }, 'info'],
    ['a warning at the cap warns', { kind: 'warned', used: '10', cap: '10', count: 1 }, 'warning'],
    ['a use that is charged warns', { kind: 'overage', used: '11', cap: '10', count: 99 }, 'warning'],
    ['a refusal warns', { kind: 'denied', used: '10', cap: '10', count: 9 }, 'warning'],
    ['a total may have more digits than one quantity', { kind: 'warned', used: WIDE, cap: '10', count: 1 }, 'warning'],
    ['ten refusals are critical', { kind: 'denied', used: '10', cap: '10', count: 10 }, 'critical'],
    ['ten delays are critical', { kind: 'delayed', used: '10', cap: '10', count: 10 }, 'critical'],
  ] as const)('%s', (_, figures, severity) => {
    expect(severityOf(figures)).toBe(severity);
  });
});

describe('joining reports of one violation', () => {
  it('ends in the same state in every order', () => {
    const orders = fc
      .array(report, { minLength: 2, maxLength: 6 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
    fc.assert(fc.property(orders, ([all, other]) => expect(fold(other)).toEqual(fold(all))));
  });

  it('counts up, widens the stretch and shows the latest figures', () => {
    const next = { ...state, used: '12', cap: '12', licenseVersion: 4, count: 9, lastAt: new Date(9_000) };
    expect(mergeViolation(state, next, 9)).toEqual({
      ...next,
      severity: 'critical',
      count: 10,
      firstAt: state.firstAt,
    });
    const late = { ...state, used: '7', firstAt: new Date(0), lastAt: new Date(500) };
    expect(mergeViolation(state, late, 1)).toEqual({ ...state, count: 2, firstAt: late.firstAt });
  });

  it('never becomes milder than what was reported', () => {
    expect(mergeViolation({ ...state, severity: 'critical' }, state, 1).severity).toBe('critical');
  });
});
