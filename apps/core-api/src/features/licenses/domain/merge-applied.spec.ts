import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DATABASE_STATES, mergeApplied, type AppliedReport } from './merge-applied.js';

const report: fc.Arbitrary<AppliedReport> = fc.record({
  epoch: fc.integer({ min: 1, max: 3 }),
  licenseVersion: fc.integer({ min: 1, max: 4 }),
  licenseJti: fc.constantFrom('a', 'b'),
  appliedAt: fc.integer({ min: 0, max: 3 }).map((ms) => new Date(ms)),
  databaseState: fc.constantFrom(...DATABASE_STATES),
  databaseName: fc.constant('tenant_x'),
  schemaVersion: fc.constantFrom('1', '2'),
  reason: fc.constantFrom(null, 'x'),
  adminBootstrapped: fc.boolean(),
});
const base: AppliedReport = {
  epoch: 1,
  licenseVersion: 7,
  licenseJti: 'a',
  appliedAt: new Date(0),
  databaseState: 'ready',
  databaseName: 'tenant_x',
  schemaVersion: '1',
  reason: null,
  adminBootstrapped: true,
};

describe('merging reports of a home', () => {
  it('A4: any order and any repetition of reports ends in the same state', () => {
    const shuffled = fc
      .array(report, { minLength: 1, maxLength: 8 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })));
    fc.assert(
      fc.property(shuffled, ([all, hostile]) => {
        expect(hostile.reduce(mergeApplied)).toEqual(all.reduce(mergeApplied));
      }),
    );
  });

  it('A4: version 6 after version 7 changes nothing', () => {
    expect(mergeApplied(base, { ...base, licenseVersion: 6, databaseState: 'failed' })).toBe(base);
  });

  it('takes a new epoch whatever its version says, and keeps the admin bootstrapped', () => {
    const moved = {
      ...base,
      epoch: 2,
      licenseVersion: 1,
      databaseState: 'creating' as const,
      adminBootstrapped: false,
    };
    expect(mergeApplied(base, moved)).toEqual({ ...moved, adminBootstrapped: true });
  });

  it('does not go from ready back to creating within one version', () => {
    expect(mergeApplied(base, { ...base, databaseState: 'creating', appliedAt: new Date(9) })).toBe(base);
  });
});
