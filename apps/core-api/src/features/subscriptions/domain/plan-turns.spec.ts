import { describe, expect, it } from '@jest/globals';
import { planTurns } from './plan-turns.js';

const day = (text: string) => new Date(`2026-${text}T00:00:00.000Z`);
const april = { from: day('04-01'), to: day('05-01') };
const plan = (planCode: string, pricedFrom: Date) => ({
  planCode,
  planVersion: 1,
  entitledFrom: pricedFrom,
  pricedFrom,
});
const shown = (...plans: ReturnType<typeof plan>[]) =>
  planTurns(plans, april).map(({ planCode, until }) => [planCode, until?.toISOString().slice(5, 10) ?? null]);

describe('the plans that are priced in a period', () => {
  it.each([
    ['one that began before it', [plan('studio', day('03-10'))], [['studio', null]]],
    ['one that begins in it holds from its start on', [plan('studio', day('04-10'))], [['studio', null]]],
    ['a change now', [plan('studio', day('03-10')), plan('team', day('04-15'))], [['studio', '04-15'], ['team', null]]],
    ['a change with the period', [plan('studio', day('03-10')), plan('team', day('04-01'))], [['team', null]]],
    ['a change with the next one', [plan('studio', day('03-10')), plan('team', day('05-01'))], [['studio', null]]],
    ['two changes', [plan('a', day('03-10')), plan('b', day('04-05')), plan('c', day('04-20'))], [['a', '04-05'], ['b', '04-20'], ['c', null]]],
    ['the later decision, though it came into force earlier', [plan('a', day('03-10')), plan('b', day('05-01')), plan('c', day('04-20'))], [['a', '04-20'], ['c', null]]],
    ['one decided again is no change', [plan('a', day('03-10')), plan('a', day('04-20'))], [['a', null]]],
  ])('%s', (_why, plans, turns) => {
    expect(shown(...plans)).toEqual(turns);
  }); // prettier-ignore

  it('a change after a month leaves the plans of that month what they were', () => {
    const before = planTurns([plan('studio', day('03-10'))], april);
    expect(planTurns([plan('studio', day('03-10')), plan('team', day('05-02'))], april)).toEqual(before);
  });
});
