import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MeterCode } from '@biplane/kernel';
import { foldUsage, type MeteredTotal } from './monthly-usage.js';
import type { Aggregation } from './window.js';

function total(
  hour: number,
  quantity: string,
  aggregation: Aggregation = 'sum',
  licenseVersion: number | null = 1,
): MeteredTotal {
  return { meter: 'm' as MeterCode, aggregation, windowStart: new Date(hour * 3_600_000), quantity, licenseVersion };
}

describe('the figure that a period comes to', () => {
  it.each([
    ['a counter adds its windows', 'sum', '6.5'],
    ['a peak keeps the greatest', 'peak', '3.5'],
    ['a gauge keeps the latest', 'last', '2'],
  ] as const)('%s', (_why, aggregation, quantity) => {
    const totals = [total(1, '1', aggregation), total(3, '2.000', aggregation, 7), total(2, '3.5', aggregation)];
    expect(foldUsage(totals)).toEqual([{ meter: 'm', aggregation, quantity, windows: 3, licenseVersion: 7 }]);
  });

  it('a gauge that two homes report for the latest hour is their sum', () => {
    expect(foldUsage([total(1, '9', 'last'), total(2, '4', 'last'), total(2, '5', 'last')])[0]?.quantity).toBe('9');
  });

  it('the order in which windows are read changes nothing', () => {
    const totals = [total(1, '0.1'), total(2, '0.2'), total(3, '99999999999999999.999999999999')];
    fc.assert(
      fc.property(fc.shuffledSubarray(totals, { minLength: 3 }), (order) => {
        expect(foldUsage(order)[0]?.quantity).toBe('100000000000000000.299999999999');
      }),
    );
  });

  it('usage without a license is counted, and names the license of the rest', () => {
    const [unlicensed] = foldUsage([total(1, '1', 'sum', null), total(2, '1', 'sum', null)]);
    const [mixed] = foldUsage([total(1, '1', 'sum', null), total(2, '1', 'sum', 4)]);
    expect([unlicensed?.licenseVersion, mixed?.licenseVersion]).toEqual([null, 4]);
  });

  it('no window is no figure', () => {
    expect(foldUsage([])).toEqual([]);
  });
});
