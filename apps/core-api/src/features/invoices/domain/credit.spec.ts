import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { creditLines, type CreditableLine, type CreditRequest } from './credit.js';

const line = (position: number, kind: string, amountMinor: bigint, creditedMinor = 0n): CreditableLine => {
  return { position, lineId: `l${position}`, kind, amountMinor, creditedMinor };
};
const studio = [line(0, 'plan_base', 5000n), line(1, 'addon', 750n), line(2, 'overage', 672n), line(3, 'tax', 642n)];
const amounts = (lines: readonly CreditableLine[], request: CreditRequest) => {
  const credited = creditLines(lines, request);
  return credited.ok ? credited.value.map(({ position, amountMinor }) => [position, amountMinor]) : credited.error;
};
const byLine = (position: number, minor: bigint): CreditRequest => {
  return { of: 'lines', lines: [{ lineId: `l${position}`, minor }] };
};

describe('what a credit note holds', () => {
  it.each<[string, readonly CreditableLine[], CreditRequest, unknown]>([
    ['all of it', studio, { of: 'rest' }, [[0, 5000n], [1, 750n], [2, 672n], [3, 642n]]],
    ['the rest of what was credited in part', [line(0, 'plan_base', 5000n, 1000n), line(1, 'tax', 500n, 100n)], { of: 'rest' }, [[0, 4000n], [1, 400n]]],
    ['an amount goes over all lines by largest remainder', studio, { of: 'amount', minor: 100n }, [[0, 71n], [1, 11n], [2, 9n], [3, 9n]]],
    ['the tax of a line comes with it', studio, byLine(2, 672n), [[2, 672n], [3, 67n]]],
    ['a discount gives its part back', [line(0, 'plan_base', 1000n), line(1, 'discount', -500n), line(2, 'tax', 50n)], { of: 'amount', minor: 110n }, [[0, 200n], [1, -100n], [2, 10n]]],
    ['all of an invoice with a discount is its total', [line(0, 'plan_base', 1000n), line(1, 'discount', -500n)], { of: 'rest' }, [[0, 1000n], [1, -500n]]],
    ['nothing of an invoice that came to nothing', [line(0, 'plan_base', 0n)], { of: 'rest' }, { why: 'NOTHING_LEFT' }],
    ['nothing of one that was credited as a whole', [line(0, 'plan_base', 9n, 9n)], { of: 'rest' }, { why: 'NOTHING_LEFT' }],
    ['no more than is left', studio, { of: 'amount', minor: 7065n }, { why: 'TOO_LARGE', lineId: null, remainingMinor: 7064n }],
    ['no more of a line than is left of it', [line(0, 'plan_base', 500n, 100n), line(1, 'addon', 900n)], byLine(0, 401n), { why: 'TOO_LARGE', lineId: 'l0', remainingMinor: 400n }],
    ['no more of the lines than a discount left', [line(0, 'plan_base', 1000n), line(1, 'discount', -500n)], byLine(0, 501n), { why: 'TOO_LARGE', lineId: null, remainingMinor: 500n }],
    ['no tax by itself', studio, byLine(3, 1n), { why: 'LINE_UNKNOWN', lineId: 'l3' }],
    ['no discount by itself', [line(0, 'plan_base', 1000n), line(1, 'discount', -500n)], byLine(1, 1n), { why: 'LINE_UNKNOWN', lineId: 'l1' }],
    ['no line that is not there', studio, byLine(9, 1n), { why: 'LINE_UNKNOWN', lineId: 'l9' }],
  ])('%s', (_why, lines, request, expected) => {
    expect(amounts(lines, request)).toEqual(expected);
  }); // prettier-ignore

  const minor = fc.bigInt({ min: 1n, max: 10n ** 12n });
  const invoice = fc
    .record({
      lines: fc.array(minor, { minLength: 1, maxLength: 8 }),
      discount: fc.integer({ min: 0, max: 100 }),
      rates: fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 2 }),
    })
    .map(({ lines, discount, rates }) => {
      const gross = lines.reduce((a, b) => a + b, 0n);
      const less = (gross * BigInt(discount)) / 101n;
      const tax = rates.map((rate) => ((gross - less) * BigInt(rate) + 50n) / 100n);
      const all = [
        ...lines.map((amount) => ['plan_base', amount] as const),
        ['discount', -less] as const,
        ...tax.map((amount) => ['tax', amount] as const),
      ];
      return all.map(([kind, amount], position) => line(position, kind, amount));
    });

  it('D6: however it is cut into credit notes, the parts come to the whole, and no line is credited beyond itself', () => {
    fc.assert(
      fc.property(invoice, fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 6 }), (lines, cuts) => {
        const total = lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
        let [left, state] = [total, lines];
        for (const cut of [...cuts, null]) {
          const part = cut === null ? left : (left * BigInt(cut)) / 101n;
          if (part === 0n) continue;
          const credited = creditLines(state, cut === null ? { of: 'rest' } : { of: 'amount', minor: part });
          if (!credited.ok) throw new Error(credited.error.why);
          expect(credited.value.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)).toBe(part);
          const byPosition = new Map(credited.value.map(({ position, amountMinor }) => [position, amountMinor]));
          state = state.map((each) => ({
            ...each,
            creditedMinor: each.creditedMinor + (byPosition.get(each.position) ?? 0n),
          }));
          left -= part;
        }
        expect(state.map(({ creditedMinor }) => creditedMinor)).toEqual(lines.map(({ amountMinor }) => amountMinor));
      }),
      { numRuns: 500 },
    );
  });

  it('D6: line by line, the tax of all parts comes to the tax of the whole', () => {
    fc.assert(
      fc.property(invoice, (lines) => {
        const untaxed = lines.filter(({ kind, amountMinor }) => kind !== 'tax' && amountMinor > 0n);
        fc.pre(lines.every(({ kind, amountMinor }) => kind !== 'discount' || amountMinor === 0n));
        let state = lines;
        for (const { lineId, amountMinor } of untaxed) {
          const credited = creditLines(state, { of: 'lines', lines: [{ lineId, minor: amountMinor }] });
          if (!credited.ok) throw new Error(credited.error.why);
          const byPosition = new Map(credited.value.map((each) => [each.position, each.amountMinor]));
          state = state.map((each) => ({
            ...each,
            creditedMinor: each.creditedMinor + (byPosition.get(each.position) ?? 0n),
          }));
        }
        expect(state.map(({ creditedMinor }) => creditedMinor)).toEqual(lines.map(({ amountMinor }) => amountMinor));
      }),
      { numRuns: 300 },
    );
  });
});
