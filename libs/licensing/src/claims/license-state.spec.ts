import { describe, expect, it } from '@jest/globals';
import { goodClaims } from '../testing/fixtures.js';
import type { LicenseClaims } from './claims.js';
import { licenseState, type LicenseState } from './license-state.js';

/** Signed late enough that `exp` is the end of the grace, so that every boundary can be stood on. */
const claims: LicenseClaims = { ...goodClaims, exp: Date.parse(goodClaims.graceEndsAt) / 1000 };
const at = (text: string, offset: number) => new Date(Date.parse(text) + offset);

const boundaries: [boundary: string, instant: string, before: LicenseState, from: LicenseState][] = [
  ['startsAt', claims.startsAt, 'not_started', 'active'],
  ['noticeAt', claims.noticeAt, 'active', 'notice'],
  ['termEndsAt', claims.termEndsAt, 'notice', 'grace'],
  ['graceEndsAt', claims.graceEndsAt, 'grace', 'expired'],
];

describe('licenseState', () => {
  it.each(boundaries)(
    'the boundary %s (%s) belongs to the later state: %s, then %s',
    (_name, instant, before, from) => {
      const around = [-1, 0, 1].map((offset) => licenseState(claims, at(instant, offset)));
      expect(around).toEqual([before, from, from]);
    },
  );

  it('an exp before the end of the grace ends the license in the middle of its term', () => {
    const exp = new Date(goodClaims.exp * 1000).toISOString();
    expect([-1, 0, 1].map((offset) => licenseState(goodClaims, at(exp, offset)))).toEqual([
      'active',
      'expired',
      'expired',
    ]);
  });

  it.each(['suspended', 'revoked'] as const)('a %s license is that at every instant', (status) => {
    for (const [, instant] of boundaries) expect(licenseState({ ...claims, status }, at(instant, 0))).toBe(status);
  });
});
