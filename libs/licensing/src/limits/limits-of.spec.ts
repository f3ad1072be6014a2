import { describe, expect, it } from '@jest/globals';
import type { LicensedLimit } from '../claims/claims.js';
import { goodClaims } from '../testing/fixtures.js';
import { limitsOf } from './limits-of.js';

describe('limitsOf', () => {
  const [month] = goodClaims.modules['financials']?.limits ?? [];
  const day = { ...(month as LicensedLimit), window: 'day' as const };
  const other = { ...(month as LicensedLimit), meter: 'records', window: null };
  const limits = [month as LicensedLimit, other, day];
  const license = { ...goodClaims, modules: { financials: { features: ['automated_billing'], limits } } };

  it.each([
    ['of the meter, in the order of the license', 'financials:automated_billing', 'api_calls', [month, day]],
    ['of the module, whether it has the feature or not', 'financials:other', 'api_calls', [month, day]],
    ['none of another meter', 'financials:automated_billing', 'connectors', []],
    ['none without a meter', 'financials:automated_billing', undefined, []],
    ['none of another module', 'search:index', 'api_calls', []],
    ['none of a member of every object', 'constructor:name', 'api_calls', []],
  ])('%s', (_what, action, meter, expected) => {
    expect(limitsOf(license, action, meter)).toEqual(expected);
  });
});
