import { describe, expect, it } from '@jest/globals';
import { CHANGE_MODES, changeInstants, directionOf, modesTo, planAt } from './plan-change.js';
import { planTurns } from './plan-turns.js';

const [march, april, may, june] = ['03', '04', '05', '06'].map((month) => new Date(`2026-${month}-01T00:00:00.000Z`)) as [
  Date, Date, Date, Date,
]; // prettier-ignore
const soon = new Date('2026-04-10T00:00:00.000Z');
const plan = (planCode: string, entitledFrom: Date, pricedFrom: Date) => ({
  planCode,
  planVersion: 1,
  entitledFrom,
  pricedFrom,
});
const codeAt = (plans: ReturnType<typeof plan>[], at: Date) => planAt(plans, 'entitledFrom', at).planCode;

/** The plan that rates the usage of the month that ends then. */
const planRating = (plans: ReturnType<typeof plan>[], { to }: { to: Date }) =>
  planTurns(plans, { from: new Date(to.getTime() - 28 * 86_400_000), to }).at(-1)!;

describe('plan changes', () => {
  const started = plan('studio', march, march);

  it('now grants at once and is priced at once, and not a millisecond before', () => {
    const { entitledFrom, pricedFrom } = changeInstants('now', soon, may);
    expect([entitledFrom, pricedFrom]).toEqual([soon, soon]);
    const plans = [started, plan('team', entitledFrom, pricedFrom)];
    expect([codeAt(plans, new Date(soon.getTime() - 1)), codeAt(plans, soon)]).toEqual(['studio', 'team']);
    expect(planTurns(plans, { from: april, to: may })).toMatchObject([
      { planCode: 'studio', until: soon },
      { planCode: 'team', until: null },
    ]);
  });

  it.each([
    ['above both', 30, [20, 20], true],
    ['the same as the one that is priced', 20, [20, 20], false],
    ['above what is priced, below what grants', 25, [30, 20], false],
    ['above what grants, below what is priced', 25, [20, 30], false],
    ['below both', 10, [20, 20], false],
  ])('now is offered to a rank %s: %i over %j is %s', (_why, rank, present, isOffered) => {
    const modes = modesTo({ rank }, present.map((each) => ({ rank: each }))); // prettier-ignore
    expect(modes).toEqual(isOffered ? CHANGE_MODES : ['next_invoice', 'next_period']);
  });

  it('next_invoice grants at once and is priced from the next period on', () => {
    const { entitledFrom, pricedFrom } = changeInstants('next_invoice', soon, may);
    const plans = [started, plan('team', entitledFrom, pricedFrom)];
    expect([codeAt(plans, new Date(soon.getTime() - 1)), codeAt(plans, soon)]).toEqual(['studio', 'team']);
    expect(planRating(plans, { to: may }).planCode).toBe('studio');
    expect(planRating(plans, { to: june }).planCode).toBe('team');
  });

  it('next_period grants and is priced from the period’s end on, and not a millisecond before', () => {
    const { entitledFrom, pricedFrom } = changeInstants('next_period', soon, may);
    const plans = [started, plan('team', entitledFrom, pricedFrom)];
    expect([codeAt(plans, new Date(may.getTime() - 1)), codeAt(plans, may)]).toEqual(['studio', 'team']);
    expect(planRating(plans, { to: may }).planCode).toBe('studio');
    expect(planRating(plans, { to: june }).planCode).toBe('team');
  });

  it('the later decision wins over one that still waited', () => {
    const plans = [started, plan('small', may, may), plan('team', soon, may)];
    expect([codeAt(plans, soon), codeAt(plans, may), codeAt(plans, june)]).toEqual(['team', 'team', 'team']);
    const undone = [started, plan('small', may, may), plan('studio', soon, may)];
    expect(codeAt(undone, june)).toBe('studio');
  });

  it('a bill of the past keeps the plan that it had', () => {
    const plans = [started, plan('team', april, april), plan('large', may, may)];
    expect(planRating(plans, { to: april }).planCode).toBe('studio');
    expect(planRating(plans, { to: may }).planCode).toBe('team');
  });

  it.each([
    [10, 20, 'upgrade'],
    [20, 10, 'downgrade'],
    [20, 20, 'lateral'],
  ])('rank %i to rank %i is an %s', (from, to, direction) => {
    expect(directionOf({ rank: from }, { rank: to })).toBe(direction);
  });
});
