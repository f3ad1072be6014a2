import { describe, expect, it } from '@jest/globals';
import type { BillRequest, DeploymentRequest } from './request.js';
import { amounts, april, billOf, deployment } from './spec-support/april.js';

const amount = (text: string) => ({ kind: 'amount', amount: text });
const percent = (rate: string) => ({ kind: 'percent', rate });
const one = deployment();
const two = [deployment({ baseFee: '10.00' }), deployment({ baseFee: '20.00' }, { ref: 'api' })];
const refunded = deployment({ baseFee: '30.00', maximum: '20.00' });

describe('the discounts of a tenant', () => {
  it.each<[why: string, deployments: DeploymentRequest | DeploymentRequest[], discounts: unknown[], lines: string[]]>([
    ['a percentage of one line', one, [percent('0.10')], ['plan_base/p 30.00', 'discount/plan_base/p -3.00']],
    ['an amount off one line', one, [amount('7.00')], ['plan_base/p 30.00', 'discount/plan_base/p -7.00']],
    ['an amount takes no more than there is', one, [amount('31.00')], ['plan_base/p 30.00', 'discount/plan_base/p -30.00']],
    ['the amount comes before the percentage, however they stand', one, [percent('0.50'), amount('10.00')], ['plan_base/p 30.00', 'discount/plan_base/p -20.00']],
    ['nothing is left for a percentage when the amount took all', one, [amount('30.00'), percent('0.50')], ['plan_base/p 30.00', 'discount/plan_base/p -30.00']],
    ['lines share it by their amounts', two, [amount('9.00')], ['plan_base/p 10.00', 'api/plan_base/p 20.00', 'discount/plan_base/p -3.00', 'api/discount/plan_base/p -6.00']],
    ['the largest remainder gets the cent', two, [amount('0.01')], ['plan_base/p 10.00', 'api/plan_base/p 20.00', 'api/discount/plan_base/p -0.01']],
    ['a cent that is left over goes to one line only', two, [amount('0.05')], ['plan_base/p 10.00', 'api/plan_base/p 20.00', 'discount/plan_base/p -0.02', 'api/discount/plan_base/p -0.03']],
    ['the percentage is rounded once, over all', [deployment({ baseFee: '0.05' }), deployment({ baseFee: '0.05' }, { ref: 'api' })], [percent('0.05')], ['plan_base/p 0.05', 'api/plan_base/p 0.05', 'discount/plan_base/p -0.01']],
    ['setup is not discounted', deployment({ setupFee: '50.00' }, { firstPeriod: true }), [percent('0.10')], ['plan_base/p 30.00', 'setup/p 50.00', 'discount/plan_base/p -3.00']],
    ['setup alone leaves nothing to discount', deployment({ baseFee: '0', setupFee: '50.00' }, { firstPeriod: true }), [amount('5.00')], ['setup/p 50.00']],
    ['a commitment is discounted', deployment({ minimumCommitment: '40.00' }), [percent('0.10')], ['plan_base/p 30.00', 'commitment/p 10.00', 'discount/plan_base/p -3.00', 'discount/commitment/p -1.00']],
    ['a line below zero lowers what is discounted and takes no share', refunded, [percent('0.10')], ['plan_base/p 30.00', 'discount/maximum/p -10.00', 'discount/plan_base/p -2.00']],
    ['all of it may be taken off', refunded, [percent('1')], ['plan_base/p 30.00', 'discount/maximum/p -10.00', 'discount/plan_base/p -20.00']],
    ['of nothing there is no discount', deployment({ baseFee: '0' }), [amount('5.00'), percent('0.5')], []],
    ['a discount of nothing is no line', one, [amount('0.00'), percent('0')], ['plan_base/p 30.00']],
  ])('%s', (_why, deployments, discounts, lines) => {
    expect(amounts(billOf(deployments, { discounts }))).toEqual(lines);
  }); // prettier-ignore

  it('say on each line what was given for what, and how much in all', () => {
    const discounts = [
      { ...amount('3.00'), description: 'welcome' },
      { ...percent('0.125'), description: 'pilot' },
    ];
    const lines = billOf(two, { discounts }).lines.filter(({ kind }) => kind === 'discount');
    const text = '3.00 USD (welcome) and 12.5 % of 27.00 USD (pilot): 6.38 USD over all lines, by their amounts';
    expect(lines.map(({ explanation }) => explanation.map((component) => component.text))).toEqual([[text], [text]]);
    expect(lines.map(({ deployment: ref, amount: part }) => [ref, part.amount])).toEqual([
      ['web', '-2.13'],
      ['api', '-4.25'],
    ]);
  });

  it('do not touch what belongs to earlier periods, and are taken before tax', () => {
    const march = { from: new Date('2026-03-01T00:00:00Z'), to: april.from };
    const late = {
      ref: 'web',
      meter: 'units',
      period: march,
      currency: 'USD',
      quantity: '1',
      due: '8.00',
      invoiced: '6.00',
    };
    const bill = billOf(one, {
      discounts: [percent('0.10')],
      adjustments: [late],
      taxes: [{ code: 'GST', name: 'GST', rate: '0.10' }],
    });
    expect(bill.lines.map(({ kind, amount: { amount: text } }) => `${kind} ${text}`)).toEqual([
      'plan_base 30.00',
      'discount -3.00',
      'adjustment 2.00',
      'tax 2.90',
    ]);
  });
});

describe('taxes', () => {
  const bill = (more: Partial<BillRequest>, plan: object = {}) => billOf(deployment(plan), more);
  it.each<[why: string, rate: string, baseFee: string, amount: string]>([
    ['half a cent of tax is a cent', '0.05', '0.10', '0.01'],
    ['less than half is none', '0.05', '0.09', '0.00'],
    ['a rate of twelve decimals is exact', '0.333333333333', '3.00', '1.00'],
    ['a rate of one doubles the bill', '1', '3.00', '3.00'],
  ])('%s', (_why, rate, baseFee, tax) => {
    const { taxes } = bill({ taxes: [{ code: 'T', name: 'T', rate }] }, { baseFee });
    expect(taxes.map((row) => row.amount.amount)).toEqual([tax]);
  });

  it('reverse charge is a line of zero that says why', () => {
    const reverse = { code: 'VAT', name: 'VAT 20 %', rate: '0', reverseCharge: true };
    const { lines, taxes, total } = bill({ taxes: [reverse] });
    expect(taxes).toMatchObject([{ code: 'VAT', rate: '0.00', amount: { amount: '0.00' } }]);
    expect(lines.at(-1)).toMatchObject({
      kind: 'tax',
      description: 'VAT 20 %, reverse charge',
      amount: { amount: '0.00' },
      explanation: [{ text: 'reverse charge: the recipient owes the tax of 30.00 USD' }],
    });
    expect(total.amount).toBe('30.00');
  });

  it('tax on a bill below zero is below zero: what was taxed too much comes back', () => {
    const march = { from: new Date('2026-03-01T00:00:00Z'), to: april.from };
    const late = {
      ref: 'web',
      meter: 'units',
      period: march,
      currency: 'USD',
      quantity: '-1',
      due: '0.00',
      invoiced: '30.15',
    };
    const { total, taxes } = bill({ adjustments: [late], taxes: [{ code: 'T', name: 'T', rate: '0.10' }] });
    expect(taxes[0]?.amount.amount).toBe('-0.02');
    expect(total.amount).toBe('-0.17');
  });
});
