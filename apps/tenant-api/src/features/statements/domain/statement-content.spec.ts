import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { money, orThrow, parseCurrency } from '@biplane/kernel';
import { sealedContent, type MovedEntry, type StatementContent } from './statement-content.js';

const entry = (amountMinor: bigint, index = 0): MovedEntry => ({
  id: `e${index}`,
  kind: 'charge',
  bookedAt: new Date('2026-03-02T00:00:00Z'),
  description: 'Locker',
  reference: null,
  amountMinor,
});
const stated = (code: string, opening: bigint, closing: bigint) => {
  const currency = orThrow(parseCurrency(code));
  return {
    id: 's',
    accountId: 'a',
    from: new Date('2026-03-01T00:00:00Z'),
    to: new Date('2026-04-01T00:00:00Z'),
    issuedAt: new Date('2026-04-01T00:00:00Z'),
    opening: money(opening, currency),
    closing: money(closing, currency),
  };
};

describe('what is sealed of a statement', () => {
  it.each([
    ['CHF', ['1.00', '3.50', '3.30']],
    ['JPY', ['100', '350', '330']],
    ['KWD', ['0.100', '0.350', '0.330']],
  ])('in %s amounts have the decimals of the currency', (code, balances) => {
    const content = JSON.parse(sealedContent(stated(code, 100n, 330n), [entry(250n), entry(-20n)])) as StatementContent;
    expect([content.opening, ...content.entries.map(({ balance }) => balance)].map(({ amount }) => amount)).toEqual(
      balances,
    );
  });

  it('leads from the opening to the closing balance by its entries, or is not sealed', () => {
    const amounts = fc.array(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), { maxLength: 30 });
    fc.assert(
      fc.property(amounts, fc.bigInt({ min: -100n, max: 100n }), (moved, off) => {
        const closing = moved.reduce((sum, each) => sum + each, 7n);
        const seal = () => sealedContent(stated('CHF', 7n, closing + off), moved.map(entry));
        if (off !== 0n) return expect(seal).toThrow('do not lead');
        const { entries, closing: end } = JSON.parse(seal()) as StatementContent;
        expect((entries.at(-1)?.balance ?? end).amount).toBe(end.amount);
        expect(seal()).toBe(seal());
      }),
    );
  });
});
