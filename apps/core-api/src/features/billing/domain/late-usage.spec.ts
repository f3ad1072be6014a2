import { describe, expect, it } from '@jest/globals';
import { decimal, money, orThrow, parseCurrency } from '@biplane/kernel';
import type { Line } from '@biplane/pricing';
import { lateUsage, ratedUsage, type InvoicedAmount, type RatedUsage } from './late-usage.js';

const usd = orThrow(parseCurrency('USD'));
const april = { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') };
const names = new Map([['droplet_hours', 'Droplet hours']]);
const rated = (quantity: bigint, minor: bigint): RatedUsage => ({
  deployment: 'd-1',
  resourceKind: 'droplet_hours',
  quantity: decimal(quantity),
  amount: money(minor, usd),
});
const invoiced = (quantity: string, amountMinor: bigint): InvoicedAmount => ({
  deploymentId: 'd-1',
  meter: 'droplet_hours',
  quantity,
  amountMinor,
});

describe('C12: what late usage changes of an invoiced period', () => {
  it('C12: is what the use comes to now, less what was invoiced', () => {
    expect(lateUsage(april, usd, [rated(772n, 772n)], [invoiced('672', 672n)], names).adjustments).toEqual([
      {
        ref: 'd-1',
        meter: 'droplet_hours',
        name: 'Droplet hours',
        period: april,
        currency: 'USD',
        quantity: '100',
        due: '7.72',
        invoiced: '6.72',
      },
    ]);
  });

  it('C12: is nothing when what was invoiced is what the use comes to', () => {
    expect(lateUsage(april, usd, [rated(672n, 672n)], [invoiced('672', 672n)], names)).toEqual({
      adjustments: [],
      decreases: [],
    });
  });

  it.each([
    ['usage that was not invoiced at all', [rated(3n, 3n)], [], { quantity: '3', due: '0.03', invoiced: '0.00' }],
    [
      'what was credited too much',
      [rated(2n, 2n)],
      [invoiced('-1', -1n)],
      { quantity: '3', due: '0.02', invoiced: '-0.01' },
    ],
    ['a quantity that costs nothing', [rated(2n, 0n)], [], { quantity: '2', due: '0.00', invoiced: '0.00' }],
  ])('counts %s', (_what, now, before, expected) => {
    expect(lateUsage(april, usd, now, before, names)).toMatchObject({ adjustments: [expected], decreases: [] });
  });

  it.each([
    ['usage that is gone', [], [invoiced('672', 672n)], { quantity: '-672', due: '0.00', invoiced: '6.72' }],
    ['a cent less, for more', [rated(3n, 1n)], [invoiced('2', 2n)], { quantity: '1', due: '0.01', invoiced: '0.02' }],
  ])('C12: %s is to be credited, and no line of a later bill', (_what, now, before, expected) => {
    expect(lateUsage(april, usd, now, before, names)).toMatchObject({ adjustments: [], decreases: [expected] });
  });

  it('C12: what a discount or a commitment made of the usage is rated again with it, and stands beside it', () => {
    const of = (resourceKind: string, minor: bigint): RatedUsage => ({ ...rated(0n, minor), resourceKind });
    const committed = { ...invoiced('0', 1_800n), meter: 'team' };
    // 20.00 more of usage, 10 % off, and 18.00 less of the commitment: nothing more is owed, and a line says so.
    const now = [rated(2_672n, 2_672n), of('droplet_hours', -200n), of('team', 0n)];
    const { adjustments, decreases } = lateUsage(april, usd, now, [invoiced('672', 672n), committed], names);
    expect(adjustments.map(({ meter, quantity, due, invoiced: before }) => [meter, quantity, due, before])).toEqual([
      ['droplet_hours', '2000', '24.72', '6.72'],
      ['team', '0', '0.00', '18.00'],
    ]);
    expect(decreases).toEqual([]);
  });

  it('looks at lines that another usage would change, and at no other', () => {
    const line = (kind: Line['kind']) => ({ ...rated(5n, 5n), kind }) as unknown as Line;
    const kinds = (
      ['plan_base', 'addon', 'module_days', 'overage', 'commitment', 'setup', 'discount', 'tax'] as const
    ).map(line);
    expect(ratedUsage(kinds).map(({ quantity }) => quantity)).toEqual([decimal(5n), decimal(0n), decimal(0n)]);
  });
});
