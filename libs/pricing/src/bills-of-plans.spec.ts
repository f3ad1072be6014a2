import { describe, expect, it } from '@jest/globals';
import { orThrow } from '@biplane/kernel';
import { canonicalInput } from './canonical-input.js';
import { parseBillRequest } from './parse-request.js';
import { priceBill } from './price-bill.js';
import type { DeploymentRequest } from './request.js';
import { amounts, april, at, billOf, days, deployment } from './spec-support/april.js';

const perUnit = { kind: 'per_unit', unitPrice: '1.00' };
const units = (used: string) => ({ usage: { units: used } });
const withUnits = (plan: object = {}) => ({ ...plan, meters: [{ meter: 'units', price: perUnit }] });
const storage = { code: 's', resourceKind: 'storage', quantity: '2', price: { kind: 'flat', amount: '3.00' } };
const half = { active: [days(1, 15)] };

describe('what a plan asks for at least and at most', () => {
  it.each<[why: string, deployment: DeploymentRequest, lines: string[]]>([
    ['a commitment adds what is missing', deployment({ minimumCommitment: '100.00' }), ['plan_base/p 30.00', 'commitment/p 70.00']],
    ['a commitment counts add-ons and usage', deployment(withUnits({ minimumCommitment: '100.00' }), { ...units('20'), addons: [storage] }), ['plan_base/p 30.00', 'addon/s 6.00', 'overage/units 20.00', 'commitment/p 44.00']],
    ['a commitment that is met to the cent adds nothing', deployment({ minimumCommitment: '30.00' }), ['plan_base/p 30.00']],
    ['a commitment that is missed by a cent adds one', deployment({ minimumCommitment: '30.01' }), ['plan_base/p 30.00', 'commitment/p 0.01']],
    ['a commitment is prorated like the fee', deployment({ minimumCommitment: '100.00' }, half), ['plan_base/p 15.00', 'commitment/p 35.00']],
    ['a commitment is rounded, then compared: a thirtieth of sixteen cents is one', deployment({ baseFee: '0', minimumCommitment: '0.16', proration: 'day' }, { active: [days(1, 1)] }), ['commitment/p 0.01']],
    ['setup stands outside the commitment', deployment({ minimumCommitment: '100.00', setupFee: '80.00' }, { firstPeriod: true }), ['plan_base/p 30.00', 'commitment/p 70.00', 'setup/p 80.00']],
    ['a deployment that was never active owes no commitment', deployment(withUnits({ minimumCommitment: '100.00' }), { active: [], ...units('1') }), ['overage/units 1.00']],
    ['one that was suspended throughout owes none', deployment({ minimumCommitment: '100.00' }, { suspended: [days(1, 30)] }), []],
    ['a maximum takes off what is above', deployment(withUnits({ maximum: '50.00' }), units('25')), ['plan_base/p 30.00', 'overage/units 25.00', 'discount/maximum/p -5.00']],
    ['a maximum that is met to the cent takes nothing', deployment(withUnits({ maximum: '55.00' }), units('25')), ['plan_base/p 30.00', 'overage/units 25.00']],
    ['a maximum is prorated', deployment(withUnits({ maximum: '50.00' }), { ...units('25'), ...half }), ['plan_base/p 15.00', 'overage/units 25.00', 'discount/maximum/p -15.00']],
    ['setup stands outside the maximum', deployment({ maximum: '10.00', setupFee: '80.00' }, { firstPeriod: true }), ['plan_base/p 30.00', 'discount/maximum/p -20.00', 'setup/p 80.00']],
    ['a maximum of no time bounds nothing: idle usage is owed', deployment(withUnits({ maximum: '50.00' }), { active: [], ...units('75') }), ['overage/units 75.00']],
    ['module days count too', deployment({ minimumCommitment: '40.00', modules: [{ module: 'search', dailyPrice: '0.50' }] }, { modules: { search: [days(1, 4)] } }), ['plan_base/p 30.00', 'module_days/search 2.00', 'commitment/p 8.00']],
    ['a commitment and a maximum of one amount fix the price', deployment(withUnits({ minimumCommitment: '40.00', maximum: '40.00' }), units('100')), ['plan_base/p 30.00', 'overage/units 100.00', 'discount/maximum/p -90.00']],
  ])('%s', (_why, one, lines) => {
    expect(amounts(billOf(one))).toEqual(lines);
  }); // prettier-ignore

  it.each([
    ['a commitment', { minimumCommitment: '30.00' }],
    ['a maximum', { maximum: '30.00' }],
  ])('%s that is met to the cent is no line, not even one of zero', (_what, bound) => {
    expect(billOf(deployment(bound)).lines.map(({ id }) => id)).toEqual(['web/plan_base/p']);
  });

  it('explains the difference: what each plan asks for, less what is charged', () => {
    const line = billOf(deployment({ minimumCommitment: '100.00' }, half)).lines[1]!;
    expect(line).toMatchObject({ kind: 'commitment', resourceKind: 'p', description: 'P, minimum commitment' });
    expect(line.explanation.map(({ text, amount }) => [text, amount?.amount])).toEqual([
      ['P, minimum commitment: 1 x 100.00 USD x 15 of 30 days', '50.00'],
      ['less what is charged: 15.00 USD', '-15.00'],
    ]);
  });
});

describe('plans that follow each other', () => {
  const old = (until: Date, plan: object = {}) => ({
    plan: { code: 'old', name: 'Old' },
    planVersion: { currency: 'USD', baseFee: '15.00', ...plan },
    until,
  });
  const changed = (until: Date, oldPlan: object = {}, plan: object = {}, more: object = {}): DeploymentRequest =>
    deployment(plan, { previousPlans: [old(until, oldPlan)], ...more });
  const daily = (dailyPrice: string) => ({ modules: [{ module: 'search', dailyPrice }] });
  const bySecond = { proration: 'second' };

  it.each<[why: string, deployment: DeploymentRequest, lines: string[]]>([
    ['each owes its own days', changed(at(11)), ['plan_base/old/2026-04-11T00:00:00.000Z 5.00', 'plan_base/p 20.00']],
    ['the day of the change is that of the later one', changed(at(11, 23)), ['plan_base/old/2026-04-11T23:00:00.000Z 5.00', 'plan_base/p 20.00']],
    ['by second each owes its own time', changed(at(11, 12), bySecond, bySecond), ['plan_base/old/2026-04-11T12:00:00.000Z 5.25', 'plan_base/p 19.50']],
    ['one that ended as the period began has no part in it', changed(at(1)), ['plan_base/p 30.00']],
    ['one that ended before it has none either', changed(new Date('2026-03-05T00:00:00Z')), ['plan_base/p 30.00']],
    ['one that ends with the period is the only one', changed(april.to), ['plan_base/old 15.00']],
    ['one that lasts beyond it is the only one', changed(new Date('2026-05-05T00:00:00Z')), ['plan_base/old 15.00']],
    ['a day in which it was active only before the change is the later plan’s', changed(at(11, 12), {}, {}, { active: [{ from: at(11, 6), to: at(11, 9) }] }), ['plan_base/p 1.00']],
    ['suspended days are nobody’s', changed(at(11), {}, {}, { suspended: [days(9, 12)] }), ['plan_base/old/2026-04-11T00:00:00.000Z 4.00', 'plan_base/p 18.00']],
    ['the daily prices are those of each day’s plan', changed(at(11), daily('0.10'), daily('1.00'), { modules: { search: [days(10, 12)] } }), ['plan_base/old/2026-04-11T00:00:00.000Z 5.00', 'plan_base/p 20.00', 'module_days/search/2026-04-11T00:00:00.000Z 0.10', 'module_days/search 2.00']],
    ['by second too, a module’s day is that of the plan at its end', changed(at(11, 12), { ...bySecond, ...daily('0.10') }, { ...bySecond, ...daily('1.00') }, { modules: { search: [{ from: at(11, 1), to: at(11, 3) }] } }), ['plan_base/old/2026-04-11T12:00:00.000Z 5.25', 'plan_base/p 19.50', 'module_days/search 1.00']],
    ['only the plan that charges for the module does', changed(at(11), daily('0.10'), {}, { modules: { search: [days(10, 12)] } }), ['plan_base/old/2026-04-11T00:00:00.000Z 5.00', 'plan_base/p 20.00', 'module_days/search/2026-04-11T00:00:00.000Z 0.10']],
    ['usage is rated once, under the last', changed(at(29), withUnits(), { meters: [{ meter: 'units', included: '5', price: perUnit }] }, units('8')), ['plan_base/old/2026-04-29T00:00:00.000Z 14.00', 'plan_base/p 2.00', 'overage/units 3.00']],
    ['the commitment is that of each for its share', changed(at(11), { minimumCommitment: '60.00' }, { minimumCommitment: '90.00' }), ['plan_base/old/2026-04-11T00:00:00.000Z 5.00', 'plan_base/p 20.00', 'commitment/p 55.00']],
    ['a commitment of one of them binds for its share', changed(at(11), { minimumCommitment: '90.00' }), ['plan_base/old/2026-04-11T00:00:00.000Z 5.00', 'plan_base/p 20.00', 'commitment/p 5.00']],
    ['the maximum is that of each for its share', changed(at(11), { maximum: '3.00' }, { maximum: '15.00' }), ['plan_base/old/2026-04-11T00:00:00.000Z 5.00', 'plan_base/p 20.00', 'discount/maximum/p -14.00']],
    ['a plan without a maximum leaves the period without one', changed(at(11), { maximum: '3.00' }), ['plan_base/old/2026-04-11T00:00:00.000Z 5.00', 'plan_base/p 20.00']],
    ['but not when it has no day in it', changed(at(1, 5), {}, { maximum: '21.00' }), ['plan_base/p 30.00', 'discount/maximum/p -9.00']],
    ['an add-on is charged once, for its time under both', changed(at(11), {}, {}, { addons: [{ ...storage, attached: [days(6, 20)] }] }), ['plan_base/old/2026-04-11T00:00:00.000Z 5.00', 'plan_base/p 20.00', 'addon/s 3.00']],
    ['the setup fee is that of the plan at the first active instant', changed(at(11), { setupFee: '7.00' }, { setupFee: '9.00' }, { firstPeriod: true, active: [days(10, 30)] }), ['plan_base/old/2026-04-11T00:00:00.000Z 0.50', 'plan_base/p 20.00', 'setup/old 7.00']],
    ['the setup fee is that of the later one when it was ready as that began', changed(at(11), { setupFee: '7.00' }, { setupFee: '9.00' }, { firstPeriod: true, active: [days(11, 30)] }), ['plan_base/p 20.00', 'setup/p 9.00']],
    ['suspended while the first plan was in force, it owes the setup fee of the later one', changed(at(11), { setupFee: '7.00' }, { setupFee: '9.00' }, { firstPeriod: true, active: [days(3, 30)], suspended: [days(3, 14)] }), ['plan_base/p 16.00', 'setup/p 9.00']],
  ])('%s', (_why, one, lines) => {
    expect(amounts(billOf(one))).toEqual(lines);
  }); // prettier-ignore

  it('by second, then by day: where clocks make a day shorter, they still come to the whole and no more', () => {
    const march = { from: new Date('2026-02-28T23:00:00Z'), to: new Date('2026-03-31T22:00:00Z') };
    const until = new Date('2026-03-15T23:00:00Z');
    const one = deployment(
      { baseFee: '1000000.00', proration: 'day' },
      { active: [{ from: march.from, to: null }], previousPlans: [old(until, { baseFee: '1000000.00', ...bySecond })] },
    );
    const request = { currency: 'USD', timeZone: 'Europe/Zurich', period: march, deployments: [one] };
    const bill = priceBill(orThrow(parseBillRequest(request)));
    expect([bill.lines.map(({ explanation }) => explanation[0]!.text), bill.total.minor]).toEqual([
      [
        '1 x 1000000.00 USD x 1296000 of 2678400 seconds, each day as one of 24 hours',
        '1 x 1000000.00 USD x 16 of 31 days',
      ],
      100_000_000n,
    ]);
  });

  it('a plan that ended as the period began changes not even what the bill was computed from', () => {
    const input = (one: DeploymentRequest) =>
      canonicalInput(
        orThrow(parseBillRequest({ currency: 'USD', timeZone: 'UTC', period: april, deployments: [one] })),
      );
    expect(input(changed(at(1)))).toBe(input(deployment()));
  });

  it('the lines of a deployment stand in one order: base, add-ons, module days, meters, bound, setup', () => {
    const plan = { ...withUnits({ minimumCommitment: '100.00', setupFee: '5.00' }), ...daily('0.10') };
    const more = { ...units('3'), addons: [storage], modules: { search: [days(1, 2)] }, firstPeriod: true };
    const kinds = billOf([deployment(plan, more), deployment({}, { ref: 'api' })]).lines.map(({ kind }) => kind);
    expect(kinds).toEqual(['plan_base', 'addon', 'module_days', 'overage', 'commitment', 'setup', 'plan_base']);
  });

  it('two versions of one plan are two lines, whatever the number of changes', () => {
    const previousPlans = [old(at(6)), old(at(11)), old(at(16))];
    const bill = billOf(deployment({}, { plan: { code: 'old' }, previousPlans }));
    expect(new Set(bill.lines.map(({ id }) => id)).size).toBe(4);
    expect(amounts(bill).map((line) => line.split(' ')[1])).toEqual(['2.50', '2.50', '2.50', '15.00']);
  });
});

describe('modules that cost by the day', () => {
  const search = (stretches: { from: Date; to: Date | null }[], more: object = {}) =>
    amounts(
      billOf(
        deployment(
          { baseFee: '0', modules: [{ module: 'search', dailyPrice: '0.10' }, { module: 'mail' }] },
          { modules: { search: stretches, mail: [days(1, 30)] }, ...more },
        ),
      ),
    );

  it.each<[why: string, enabled: { from: Date; to: Date | null }[], lines: string[], ...more: object[]]>([
    ['two mornings of one day are one day', [{ from: at(3, 1), to: at(3, 2) }, { from: at(3, 8), to: at(3, 9) }], ['module_days/search 0.10']],
    ['an open end reaches to the end of the period', [{ from: at(29, 12), to: null }], ['module_days/search 0.20']],
    ['what lies outside the period does not count', [{ from: new Date('2026-03-01T00:00:00Z'), to: at(2) }], ['module_days/search 0.10']],
    ['a module that was never enabled costs nothing', [], []],
    ['a day on which the deployment was suspended throughout does not count', [days(1, 3)], ['module_days/search 0.20'], { suspended: [days(2, 2)] }],
    ['enabled only while suspended, it does not count', [{ from: at(2, 0), to: at(2, 6) }], [], { suspended: [{ from: at(2, 0), to: at(2, 12) }] }],
    ['a night over midnight is two days', [{ from: at(2, 22), to: at(3, 2) }], ['module_days/search 0.20']],
  ])('%s', (_why, enabled, lines, ...[more]) => {
    expect(search(enabled, more)).toEqual(lines);
  }); // prettier-ignore

  it('is rounded once for all of its days', () => {
    const plan = { baseFee: '0', modules: [{ module: 'search', dailyPrice: '0.005' }] };
    expect(amounts(billOf(deployment(plan, { modules: { search: [days(1, 3)] } })))).toEqual([
      'module_days/search 0.02',
    ]);
  });
});
