import { describe, expect, it } from '@jest/globals';
import type { MeterRequest } from './request.js';
import { amounts, april, at, billOf, deployment, metered } from './spec-support/april.js';

type Meter = Omit<MeterRequest, 'meter'>;

const overage = (meter: Meter, used: string, ...[more]: object[]): string => {
  const line = billOf(metered(meter, used, more)).lines.find(({ kind }) => kind === 'overage');
  return line ? `${line.quantity} = ${line.amount.amount}` : 'no line';
};
const tier = (upTo: string | null, unitPrice: string, flatFee?: string) => ({
  upTo,
  unitPrice,
  ...(flatFee && { flatFee }),
});
const perUnit = { kind: 'per_unit', unitPrice: '0.10' };
const flats = [tier('10', '1.00', '5.00'), tier('20', '0.50', '3.00'), tier(null, '0.10', '1.00')];
const graduated: Meter = { price: { kind: 'graduated', tiers: flats } };
const volume: Meter = { price: { kind: 'volume', tiers: flats } };
const idle = { active: [] };
const suspended = { suspended: [{ from: april.from, to: null }] };

describe('what a meter comes to', () => {
  it.each<[why: string, meter: Meter, used: string, line: string, ...more: object[]]>([
    ['graduated: the flat part of the first tier is due at zero', graduated, '0', '0 = 5.00'],
    ['graduated: the smallest use enters the first tier only', graduated, '0.000000000001', '0.000000000001 = 5.00'],
    ['graduated: a tier ends with its upper bound', graduated, '10', '10 = 15.00'],
    ['graduated: the next begins behind it, and its flat part is due', graduated, '10.01', '10.01 = 18.01'],
    ['graduated: one unit into the second tier', graduated, '11', '11 = 18.50'],
    ['graduated: two full tiers', graduated, '20', '20 = 23.00'],
    ['graduated: one unit into the open tier', graduated, '21', '21 = 24.10'],
    ['graduated: a tier is rounded once, not each unit', { price: { kind: 'graduated', tiers: [tier('3', '0.005'), tier(null, '0.005')] } }, '6', '6 = 0.04'],
    ['graduated: one tier is a price for each unit', { price: { kind: 'graduated', tiers: [tier(null, '0.10')] } }, '7', '7 = 0.70'],
    ['graduated: fractional bounds are bounds like others', { price: { kind: 'graduated', tiers: [tier('0.5', '1.00'), tier(null, '2.00')] } }, '0.75', '0.75 = 1.00'],
    ['volume: the flat part is due at zero', volume, '0', '0 = 5.00'],
    ['volume: a bound belongs to the tier that it ends', volume, '10', '10 = 15.00'],
    ['volume: behind it all units cost the next price', volume, '10.01', '10.01 = 8.01'],
    ['volume: the open tier prices all of it', volume, '100', '100 = 11.00'],
    ['volume: more can cost less, which is why it is not monotone', volume, '11', '11 = 8.50'],
    ['package: a fraction of a package is a package', { price: { kind: 'package', size: '2.5', packagePrice: '1.00' } }, '2.6', '2.6 = 2.00'],
    ['package: a full package is one', { price: { kind: 'package', size: '2.5', packagePrice: '1.00' } }, '5', '5 = 2.00'],
    ['package: the smallest use begins one', { price: { kind: 'package', size: '1000', packagePrice: '1.00' } }, '0.000000000001', '0.000000000001 = 1.00'],
    ['percentage: of a metered amount of money', { price: { kind: 'percentage', rate: '0.029' } }, '1234.56', '1234.56 = 35.80'],
    ['percentage: half a cent is rounded away from zero', { price: { kind: 'percentage', rate: '0.05' } }, '0.1', '0.1 = 0.01'],
    ['percentage: all of it', { price: { kind: 'percentage', rate: '1' } }, '0.01', '0.01 = 0.01'],
    ['included: what is used up to it costs nothing', { price: perUnit, included: '100' }, '100', 'no line'],
    ['included: only what is above is priced, in the first tier', { ...graduated, included: '100' }, '105', '5 = 10.00'],
    ['included: below it the flat part at zero is due all the same', { ...graduated, included: '100' }, '50', '0 = 5.00'],
    ['included: packages hold what is above it', { price: { kind: 'package', size: '10', packagePrice: '1.00' }, included: '5' }, '15', '10 = 1.00'],
    ['an idle deployment owes no flat part at zero', graduated, '0', 'no line', idle],
    ['an idle deployment owes none by volume either', volume, '0', 'no line', idle],
    ['one that was suspended throughout is idle', graduated, '0', 'no line', suspended],
    ['an idle deployment owes the price of its usage, flat parts and all', graduated, '11', '11 = 18.50', idle],
    ['active for an instant, it owes the flat part at zero', graduated, '0', '0 = 5.00', { active: [{ from: at(3), to: at(3, 1) }] }],
  ])('%s', (_why, meter, used, line, ...more) => {
    expect(overage(meter, used, ...more)).toBe(line);
  }); // prettier-ignore
});

describe('the order on a meter', () => {
  const usage = { kind: 'usage', quantity: '10' };
  const amount = { kind: 'amount', amount: '2.00' };
  const percent = { kind: 'percent', rate: '0.10' };
  const dear: Meter = { price: { kind: 'per_unit', unitPrice: '1.00' } };

  it.each<[why: string, meter: Meter, used: string, line: string, ...more: object[]]>([
    ['a usage discount lowers the quantity', { ...dear, discounts: [usage] }, '15', '5 = 5.00'],
    ['a usage discount comes behind what is included', { ...dear, included: '5', discounts: [usage] }, '20', '5 = 5.00'],
    ['a usage discount never makes a quantity negative', { ...dear, discounts: [usage] }, '9', 'no line'],
    ['a usage discount moves the tiers', { ...graduated, discounts: [usage] }, '20', '10 = 15.00'],
    ['an amount is taken off the price', { ...dear, discounts: [amount] }, '5', '5 = 3.00'],
    ['an amount takes no more than the price', { ...dear, discounts: [amount] }, '1', '1 = 0.00'],
    ['a percentage is taken off the price', { ...dear, discounts: [percent] }, '5', '5 = 4.50'],
    ['the amount comes before the percentage, however they stand', { ...dear, discounts: [percent, amount] }, '12', '12 = 9.00'],
    ['the percentage is rounded as a component: 10 % of 0.15 is 0.02', { ...dear, discounts: [percent] }, '0.15', '0.15 = 0.13'],
    ['all of it may be taken off', { ...dear, discounts: [{ kind: 'percent', rate: '1' }] }, '5', '5 = 0.00'],
    ['the minimum comes behind the discounts', { ...dear, discounts: [percent], minimum: '4.80' }, '5', '5 = 4.80'],
    ['the minimum is due without usage', { ...dear, minimum: '4.80' }, '0', '0 = 4.80'],
    ['the minimum is no surcharge', { ...dear, minimum: '4.80' }, '5', '5 = 5.00'],
    ['the minimum is not prorated', { ...dear, minimum: '4.80' }, '0', '0 = 4.80', { active: [{ from: at(30), to: null }] }],
    ['an idle deployment owes no minimum', { ...dear, minimum: '4.80' }, '0', 'no line', idle],
    ['an idle deployment that used something owes just that', { ...dear, minimum: '4.80' }, '1', '1 = 1.00', idle],
    ['the maximum comes last', { ...dear, discounts: [percent], maximum: '4.00' }, '5', '5 = 4.00'],
    ['a maximum that is not reached changes nothing', { ...dear, maximum: '5.00' }, '5', '5 = 5.00'],
    ['a maximum bounds an idle deployment too', { ...dear, maximum: '4.00' }, '5', '5 = 4.00', idle],
    ['a maximum of nothing makes it free', { ...dear, maximum: '0' }, '5', '5 = 0.00'],
    ['a minimum that is the maximum is a fixed price', { ...dear, minimum: '4.00', maximum: '4.00' }, '50', '50 = 4.00'],
  ])('%s', (_why, meter, used, line, ...more) => {
    expect(overage(meter, used, ...more)).toBe(line);
  }); // prettier-ignore

  it('is told on the line, in that order', () => {
    const meter = { ...dear, included: '5', discounts: [percent, amount, usage], minimum: '4.00', maximum: '9.00' };
    const explained = (used: string) =>
      billOf(metered(meter, used)).lines[1]!.explanation.map(({ text, quantity, amount: part }) =>
        [text, quantity, part?.amount].filter((one) => one != null).join(' | '),
      );
    expect(explained('19')).toEqual([
      'used | 19',
      'included | 5',
      'usage discount | 10',
      '4 x 1.00 USD | 4 | 4.00',
      'discount of 2.00 USD | -2.00',
      'discount of 10 % of 2.00 USD | -0.20',
      'up to the minimum of 4.00 USD | 2.20',
    ]);
    // A bound that is met to the cent has changed nothing, so it is not told.
    expect(explained('27')).not.toContainEqual(expect.stringContaining('imum'));
    expect(explained('115').slice(3)).toEqual([
      '100 x 1.00 USD | 100 | 100.00',
      'discount of 2.00 USD | -2.00',
      'discount of 10 % of 98.00 USD | -9.80',
      'down to the maximum of 9.00 USD | -79.20',
    ]);
  });
});

describe('numbers', () => {
  it.each<[why: string, currency: string, price: Meter['price'], used: string, amount: string]>([
    ['no decimals: half a yen is a yen', 'JPY', { kind: 'per_unit', unitPrice: '0.5' }, '1', '1'],
    ['no decimals: less than half is nothing', 'JPY', { kind: 'per_unit', unitPrice: '0.499999999999' }, '1', '0'],
    ['three decimals', 'KWD', { kind: 'per_unit', unitPrice: '0.0005' }, '1', '0.001'],
    ['four decimals', 'CLF', { kind: 'per_unit', unitPrice: '0.00005' }, '1', '0.0001'],
    ['four decimals, in packages', 'CLF', { kind: 'package', size: '10', packagePrice: '0.0001' }, '11', '0.0002'],
    ['a hundred trillion times a trillionth is exact', 'USD', { kind: 'per_unit', unitPrice: '0.000000000001' }, '100000000000005', '100.00'],
    ['beyond what a float holds', 'USD', { kind: 'per_unit', unitPrice: '1.00' }, '99999999999999999.99', '99999999999999999.99'],
    ['the largest quantity at the largest price', 'USD', { kind: 'per_unit', unitPrice: '9'.repeat(30) }, '9'.repeat(30), `${BigInt('9'.repeat(30)) ** 2n}.00`],
    ['a price of twelve decimals and a quantity of twelve', 'USD', { kind: 'per_unit', unitPrice: '0.500000000001' }, '0.009999999999', '0.00'],
    ['the same, a hair above half a cent', 'USD', { kind: 'per_unit', unitPrice: '0.500000000001' }, '0.01', '0.01'],
  ])('%s', (_why, currency, price, used, amount) => {
    const one = metered({ price }, used);
    const line = billOf({ ...one, planVersion: { ...one.planVersion, currency } }).lines[1]!;
    expect(line.amount).toEqual({ amount, currency });
  }); // prettier-ignore

  it('usage of one deployment never enters the tiers of another', () => {
    const plan = { baseFee: '0', meters: [{ meter: 'units', ...graduated }] };
    const both = ['web', 'api'].map((ref) => deployment(plan, { ref, usage: { units: '6' } }));
    expect(amounts(billOf(both))).toEqual(['overage/units 11.00', 'api/overage/units 11.00']);
  });
});
