import { describe, expect, it } from '@jest/globals';
import { readAddon } from './addon.js';
import { readPlanVersion } from './plan-version.js';

const meters = new Set(['droplet_hours', 'api_calls', 'storage_gb']);
const studio = {
  currency: 'USD', interval: 'month', proration: 'day', trialDays: 0, cutoffHours: 24,
  baseFee: '50.00', setupFee: '0.00', minimumCommitment: null, maximum: null,
  modules: [
    {
      module: 'financials', features: ['automated_billing', 'statement_runs'], dailyPrice: null,
      limits: [{ meter: 'api_calls', cap: '100000', window: 'month', strategy: 'hard_block', warnAt: ['0.8', '1'] }],
    },
  ],
  meters: [{ meter: 'droplet_hours', included: '1488', price: { kind: 'per_unit', unitPrice: '0.01' } }],
  featureFlags: { beta_reports: true }, dedicatedCompute: false,
}; // prettier-ignore
const limit = studio.modules[0]!.limits[0]!;
const withLimit = (changes: object): object => ({
  ...studio,
  modules: [{ ...studio.modules[0], limits: [{ ...limit, ...changes }] }],
});

describe('reading a plan version', () => {
  it('keeps the content exactly as it was sent', () => {
    expect(readPlanVersion(studio, meters)).toEqual({ ok: true, content: studio });
  });

  it('fills in defaults, so that what is stored is complete', () => {
    const reading = readPlanVersion({ currency: 'CHF', interval: 'month', baseFee: '49.00' }, meters);
    expect(reading).toMatchObject({
      ok: true,
      content: { proration: 'day', cutoffHours: 24, setupFee: '0', modules: [], dedicatedCompute: false },
    });
  });

  it.each([
    ['not an object', [], '/version'],
    ['an unknown member', { ...studio, basefee: '1' }, '/version/basefee'],
    ['a number instead of a decimal string', { ...studio, baseFee: 50 }, '/version/baseFee'],
    ['a missing base fee', { currency: 'USD', interval: 'month' }, '/version/baseFee'],
    ['modules that are no list', { ...studio, modules: {} }, '/version/modules'],
    ['an unknown member of a limit', withLimit({ hard: true }), '/version/modules/0/limits/0/hard'],
    ['a cap as a number', withLimit({ cap: 5 }), '/version/modules/0/limits/0/cap'],
    ['a flag that is no boolean', { ...studio, featureFlags: { beta: 'yes' } }, '/version/featureFlags/beta'],
    [
      'a price that is no object',
      { ...studio, meters: [{ meter: 'droplet_hours', price: 3 }] },
      '/version/meters/0/price',
    ],
  ])('refuses %s as malformed, at its place', (_why, version, pointer) => {
    const reading = readPlanVersion(version, meters);
    expect(reading.ok).toBe(false);
    if (!reading.ok) expect(reading.malformed.map((error) => error.pointer)).toContain(pointer);
  });

  it.each([
    ['more decimals than the currency has', { ...studio, baseFee: '50.001' }, '/version/baseFee'],
    ['a negative fee', { ...studio, baseFee: '-1' }, '/version/baseFee'],
    ['an unknown currency', { ...studio, currency: 'XXZ' }, '/version/currency'],
    ['another interval', { ...studio, interval: 'year' }, '/version/interval'],
    ['an unknown proration', { ...studio, proration: 'hour' }, '/version/proration'],
    [
      'an unknown meter',
      { ...studio, meters: [{ meter: 'nope', price: { kind: 'per_unit', unitPrice: '1' } }] },
      '/version/meters/0/meter',
    ],
    ['a meter twice', { ...studio, meters: [studio.meters[0], studio.meters[0]] }, '/version/meters/1/meter'],
    [
      'a unit price of 13 decimals',
      { ...studio, meters: [{ meter: 'droplet_hours', price: { kind: 'per_unit', unitPrice: '0.0000000000001' } }] },
      '/version/meters/0/price/unitPrice',
    ],
    ['a limit on an unknown meter', withLimit({ meter: 'nope' }), '/version/modules/0/limits/0/meter'],
    ['an unknown strategy', withLimit({ strategy: 'explode' }), '/version/modules/0/limits/0/strategy'],
    ['an unknown window', withLimit({ window: 'year' }), '/version/modules/0/limits/0/window'],
    ['throttle without its rate', withLimit({ strategy: 'throttle' }), '/version/modules/0/limits/0/rate'],
    ['a rate without throttle', withLimit({ rate: { perSecond: '1', burst: 1 } }), '/version/modules/0/limits/0/rate'],
    ['a warning above the cap', withLimit({ warnAt: ['1.1'] }), '/version/modules/0/limits/0/warnAt/0'],
    ['warnings that do not rise', withLimit({ warnAt: ['0.9', '0.8'] }), '/version/modules/0/limits/0/warnAt/1'],
    ['a negative cap', withLimit({ cap: '-1' }), '/version/modules/0/limits/0/cap'],
    ['a module twice', { ...studio, modules: [studio.modules[0], studio.modules[0]] }, '/version/modules/1/module'],
    ['a module whose code is not one', { ...studio, modules: [{ module: 'Fin:x' }] }, '/version/modules/0/module'],
    ['trial days beyond a year', { ...studio, trialDays: 366 }, '/version/trialDays'],
  ])('refuses %s as against the rules, at its place', (_why, version, pointer) => {
    const reading = readPlanVersion(version, meters);
    expect(reading.ok).toBe(false);
    if (!reading.ok) {
      expect(reading.malformed).toEqual([]);
      expect(reading.broken.map((error) => error.pointer)).toContain(pointer);
    }
  });

  it('names the kinds of price that are supported when one is not', () => {
    const reading = readPlanVersion(
      { ...studio, meters: [{ meter: 'droplet_hours', price: { kind: 'auction' } }] },
      meters,
    );
    expect(reading.ok ? [] : reading.broken.map((error) => error.detail).join()).toContain('per_unit');
  });

  const tiers = [
    { upTo: '100', unitPrice: '0.10', flatFee: '0.00' },
    { upTo: null, unitPrice: '0.05' },
  ];
  const meter = studio.meters[0]!;
  const withMeter = (changes: object): object => ({ ...studio, meters: [{ ...meter, ...changes }] });
  it.each([
    ['a minimum commitment and a maximum', { ...studio, minimumCommitment: '10.00', maximum: '500.00' }],
    ['a daily price', { ...studio, modules: [{ ...studio.modules[0], dailyPrice: '0.10' }] }],
    ['a graduated price', withMeter({ price: { kind: 'graduated', tiers } })],
    ['a volume price', withMeter({ price: { kind: 'volume', tiers } })],
    ['a package price', withMeter({ price: { kind: 'package', size: '1000', packagePrice: '2.00' } })],
    ['a percentage', withMeter({ price: { kind: 'percentage', rate: '0.029' } })],
    [
      'discounts and bounds of a meter',
      withMeter({ discounts: [{ kind: 'percent', rate: '0.10' }], minimum: '1.00', maximum: '9.00' }),
    ],
  ])('keeps %s exactly as it was sent', (_what, version) => {
    expect(readPlanVersion(version, meters)).toEqual({ ok: true, content: version });
  });

  it('stores a rule that is written as absent as one that is left out', () => {
    const reading = readPlanVersion(withMeter({ discounts: null, minimum: null, maximum: null }), meters);
    expect(reading).toEqual({ ok: true, content: studio });
  });

  it.each([
    ['a minimum above the maximum', { ...studio, minimumCommitment: '10.00', maximum: '9.99' }, '/version/minimumCommitment'],
    ['a daily price of 13 decimals', { ...studio, modules: [{ module: 'm', dailyPrice: '0.0000000000001' }] }, '/version/modules/0/dailyPrice'],
    ['tiers that fall', withMeter({ price: { kind: 'volume', tiers: [tiers[0], tiers[0], tiers[1]] } }), '/version/meters/0/price/tiers/1/upTo'],
    ['two discounts of one kind', withMeter({ discounts: [1, 2].map(() => ({ kind: 'amount', amount: '1' })) }), '/version/meters/0/discounts/1/kind'],
    ['four discounts', withMeter({ discounts: [1, 2, 3, 4] }), '/version/meters/0/discounts'],
    ['a discount that is none', withMeter({ discounts: [7] }), '/version/meters/0/discounts/0'],
  ])('refuses %s, at its place', (_why, version, pointer) => {
    const reading = readPlanVersion(version, meters);
    expect(reading.ok ? [] : reading.broken.map((error) => error.pointer)).toContain(pointer);
  }); // prettier-ignore

  it.each([
    ['discounts that are no list', withMeter({ discounts: {} }), '/version/meters/0/discounts'],
    ['a minimum that is a number', withMeter({ minimum: 1 }), '/version/meters/0/minimum'],
  ])('refuses %s as malformed, at its place', (_why, version, pointer) => {
    const reading = readPlanVersion(version, meters);
    expect(reading.ok ? [] : reading.malformed.map((error) => error.pointer)).toContain(pointer);
  });
});

describe('reading an add-on', () => {
  const storage = {
    currency: 'USD',
    price: { kind: 'flat', amount: '7.50' },
    grants: [{ module: 'storage', meter: 'storage_gb', addToCap: '50' }],
  };

  it('gives the price of one unit in minor units', () => {
    expect(readAddon(storage, meters)).toMatchObject({
      ok: true,
      content: { priceMinor: 750n, grants: storage.grants },
    });
  });

  it.each([
    ['an unknown kind of price', { ...storage, price: { kind: 'auction', amount: '1' } }, '/price/kind'],
    ['more decimals than the currency has', { ...storage, price: { kind: 'flat', amount: '7.505' } }, '/price/amount'],
    ['an unknown meter', { ...storage, grants: [{ ...storage.grants[0], meter: 'nope' }] }, '/grants/0/meter'],
    ['a grant twice', { ...storage, grants: [storage.grants[0], storage.grants[0]] }, '/grants/1'],
    ['an unknown currency', { ...storage, currency: 'usd' }, '/currency'],
  ])('refuses %s', (_why, addon, pointer) => {
    const reading = readAddon(addon, meters);
    expect(reading.ok ? [] : reading.broken.map((error) => error.pointer)).toContain(pointer);
  });
});
