import { describe, expect, it } from '@jest/globals';
import { changeInstants, directionOf, planAt, planPricedIn } from './plan-change.js';

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

describe('plan changes', () => {
  const started = plan('studio', march, march);

  it('next_invoice grants at once and is priced from the next period on', () => {
    const { entitledFrom, pricedFrom } = changeInstants('next_invoice', soon, may);
    const plans = [started, plan('team', entitledFrom, pricedFrom)];
    expect([codeAt(plans, new Date(soon.getTime() - 1)), codeAt(plans, soon)]).toEqual(['studio', 'team']);
    expect(planPricedIn(plans, { to: may }).planCode).toBe('studio');
    expect(planPricedIn(plans, { to: june }).planCode).toBe('team');
  });

  it('next_period grants and is priced from the period’s end on, and not a millisecond before', () => {
    const { entitledFrom, pricedFrom } = changeInstants('next_period', soon, may);
    const plans = [started, plan('team', entitledFrom, pricedFrom)];
    expect([codeAt(plans, new Date(may.getTime() - 1)), codeAt(plans, may)]).toEqual(['studio', 'team']);
    expect(planPricedIn(plans, { to: may }).planCode).toBe('studio');
    expect(planPricedIn(plans, { to: june }).planCode).toBe('team');
  });

  it('the later decision wins over one that still waited', () => {
    const plans = [started, plan('small', may, may), plan('team', soon, may)];
    expect([codeAt(plans, soon), codeAt(plans, may), codeAt(plans, june)]).toEqual(['team', 'team', 'team']);
    const undone = [started, plan('small', may, may), plan('studio', soon, may)];
    expect(codeAt(undone, june)).toBe('studio');
  });

  it('a bill of the past keeps the plan that it had', () => {
    const plans = [started, plan('team', april, april), plan('large', may, may)];
    expect(planPricedIn(plans, { to: april }).planCode).toBe('studio');
    expect(planPricedIn(plans, { to: may }).planCode).toBe('team');
  });

  it.each([
    [10, 20, 'upgrade'],
    [20, 10, 'downgrade'],
    [20, 20, 'lateral'],
  ])('rank %i to rank %i is an %s', (from, to, direction) => {
    expect(directionOf({ rank: from }, { rank: to })).toBe(direction);
  });
});
