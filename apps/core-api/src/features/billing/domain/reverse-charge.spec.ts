import { describe, expect, it } from '@jest/globals';
import { isReverseCharged, taxRequests, type TaxedTenant } from './reverse-charge.js';

const german = (over: Partial<TaxedTenant> = {}) => ({
  country: 'DE',
  taxId: 'DE811907980',
  taxIdValid: true,
  ...over,
});
const vat = { code: 'VAT', name: 'MwSt 19 %', rate: '0.19' };

describe('reverse charge', () => {
  it.each([
    ['a checked tax id, a supplier of another member state', german(), 'AT', true],
    ['a checked tax id, a supplier from outside the union', german(), 'CH', true],
    ['a supplier of the same country', german(), 'DE', false],
    ['a tax id that nobody checked', german({ taxIdValid: false }), 'AT', false],
    ['no tax id', german({ taxId: null }), 'AT', false],
    ['a tenant outside the union: its country taxes it', german({ country: 'AU' }), 'DE', false],
    ['an issuer whose country is not known', german(), null, false],
  ])('%s', (_why, tenant, issuerCountry, expected) => {
    expect(isReverseCharged(tenant, issuerCountry)).toBe(expected);
  });

  it('leaves the tax on the bill, as a line of zero that says why', () => {
    expect(taxRequests([vat], true)).toEqual([{ ...vat, rate: '0', reverseCharge: true }]);
    expect(taxRequests([vat], false)).toEqual([vat]);
  });
});
