import { describe, expect, it } from '@jest/globals';
import { isOnOldVersion, versionsLeft } from './plan-migration.js';

const at = new Date('2026-04-01T00:00:00.000Z');
const plan = (planCode: string, planVersion: number) => ({ planCode, planVersion, entitledFrom: at, pricedFrom: at });

describe('plan migrations', () => {
  it('what was decided last counts, also when it has not come into force', () => {
    const migration = { planCode: 'studio', fromVersions: [1, 2] };
    expect(isOnOldVersion([plan('studio', 1)], migration)).toBe(true);
    expect(isOnOldVersion([plan('team', 1), plan('studio', 2)], migration)).toBe(true);
    expect(isOnOldVersion([plan('studio', 1), plan('studio', 3)], migration)).toBe(false);
    expect(isOnOldVersion([plan('studio', 1), plan('team', 1)], migration)).toBe(false);
  });

  it('leaves every published version before it, or those that are named, and never the target', () => {
    expect(versionsLeft(undefined, [1, 2, 3, 4], 3)).toEqual([1, 2]);
    expect(versionsLeft([4, 1, 4, 3], [1, 2, 3, 4], 3)).toEqual([1, 4]);
  });
});
