import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { goodClaims, NOW } from '../testing/fixtures.js';
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
    'B13: the boundary %s (%s) belongs to the later state: %s, then %s',
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

  it('B13: at each instant a license is in exactly one state, and the states follow each other in one order', () => {
    const order: LicenseState[] = ['not_started', 'active', 'notice', 'grace', 'expired'];
    const hour = 3_600_000;
    const dates = fc
      .array(fc.nat({ max: 6 }), { minLength: 4, maxLength: 4 })
      .map((hours) => hours.sort((a, b) => a - b).map((each) => new Date(NOW.getTime() + each * hour)));
    fc.assert(
      fc.property(dates, fc.nat({ max: 6 }), ([starts, notice, term, grace], expHour) => {
        const [startsAt, noticeAt, termEndsAt, graceEndsAt] = [starts, notice, term, grace].map((date) =>
          (date as Date).toISOString(),
        ) as [string, string, string, string];
        const exp = Math.min(Date.parse(graceEndsAt), NOW.getTime() + expHour * hour) / 1000;
        const license = { ...claims, startsAt, noticeAt, termEndsAt, graceEndsAt, exp };
        const instants = Array.from({ length: 9 }, (_, index) => NOW.getTime() + (index - 1) * hour);
        const states = instants
          .flatMap((instant) => [instant - 1, instant, instant + 1])
          .map((instant) => order.indexOf(licenseState(license, new Date(instant))));
        expect(states).toEqual([...states].sort((a, b) => a - b));
        // Expired from `exp` on, whatever the other dates say, and not a millisecond earlier.
        expect(licenseState(license, new Date(exp * 1000))).toBe('expired');
        expect(licenseState(license, new Date(exp * 1000 - 1))).not.toBe('expired');
      }),
    );
  });
});
