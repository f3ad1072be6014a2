import { describe, expect, it } from '@jest/globals';
import { RefusalTally, type Refusal } from './refusal-tally.js';

const at = (seconds: number): Date => new Date(Date.parse('2026-04-10T12:00:00Z') + seconds * 1_000);
let reports = 0;
const refusal = (over: Partial<Refusal> = {}): Refusal => ({
  ...{ reportId: `report-${(reports += 1)}`, tenantId: 't', deploymentId: 'd', rule: 'limit_denied', module: 'm' },
  ...{ meter: 'calls', source: 'control', kind: 'denied', threshold: null, used: '10', cap: '10' },
  ...{ licenseVersion: 1, count: 1, firstAt: at(0), lastAt: at(0) },
  ...over,
});

describe('RefusalTally', () => {
  it('tells the first of a second at once, and of each limit', () => {
    const tally = new RefusalTally();
    const asked = [0, 1, 999, 1_000, 1_999, 2_000].map((ms) => tally.isFirst(refusal(), ms));
    expect(asked).toEqual([true, false, false, true, false, true]);
    expect(tally.isFirst(refusal({ meter: 'rows' }), 2_001)).toBe(true);
    expect(tally.isFirst(refusal({ rule: 'limit_delayed' }), 2_001)).toBe(true);
  });

  it('adds up the others of a limit: under the id of the first of them, with the figures of the last', () => {
    const tally = new RefusalTally();
    const first = refusal({ firstAt: at(2), lastAt: at(2), used: '11' });
    tally.add(first);
    tally.add(refusal({ firstAt: at(3), lastAt: at(3), used: '12', licenseVersion: 2 }));
    tally.add(refusal({ firstAt: at(1), lastAt: at(1), used: '9' }));
    tally.add(refusal({ meter: 'rows' }));
    const [calls, rows, ...others] = tally.take(0);
    expect(others).toEqual([]);
    expect(rows).toMatchObject({ meter: 'rows', count: 1 });
    expect(calls).toMatchObject({ reportId: first.reportId, count: 3, firstAt: at(1), lastAt: at(3), used: '12' });
    expect(calls?.licenseVersion).toBe(2);
    expect(tally.take(0)).toEqual([]);
  });

  it('what could not be told and is added again keeps its id, so that it counts once', () => {
    const tally = new RefusalTally();
    tally.add(refusal());
    const [told] = tally.take(0);
    tally.add(told!);
    tally.add(refusal());
    expect(tally.take(0)).toMatchObject([{ reportId: told?.reportId, count: 2 }]);
  });

  it('never joins what lies on two sides of a billing period', () => {
    const tally = new RefusalTally();
    tally.add(refusal({ firstAt: at(-1), lastAt: at(-1) }));
    tally.add(refusal({ firstAt: at(0), lastAt: at(0) }));
    expect(tally.take(0)).toHaveLength(2);
  });
});
