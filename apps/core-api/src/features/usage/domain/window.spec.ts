import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DeploymentId, HomeId, MeterCode } from '@biplane/kernel';
import { newestOfEach, windowFault, type MeteredDeployment, type UsageWindowTotal } from './window.js';

const home = '0193a000-0000-7000-8000-00000000000a' as HomeId;
const otherHome = '0193a000-0000-7000-8000-00000000000b' as HomeId;
const meter = { aggregation: 'sum', authority: 'data' };
const context = { now: new Date('2026-04-10T12:30:00Z'), region: 'eu-1' };

function window(over: Partial<UsageWindowTotal> = {}): UsageWindowTotal {
  return {
    deploymentId: '0193a000-0000-7000-8000-000000000001' as DeploymentId,
    meter: 'droplet_hours' as MeterCode,
    aggregation: 'sum',
    windowStart: new Date('2026-04-10T11:00:00Z'),
    windowEnd: new Date('2026-04-10T12:00:00Z'),
    homeId: home,
    incarnation: 1,
    revision: 1,
    quantity: '3',
    closed: false,
    licenseVersion: 1,
    ...over,
  };
}

function deployment(placements: MeteredDeployment['placements']): MeteredDeployment {
  return { tenantId: '0193a000-0000-7000-8000-0000000000ff', region: 'eu-1', timeZone: 'Asia/Kolkata', placements };
}

const served = deployment([{ homeId: home, from: new Date('2026-03-01T00:00:00Z'), to: null }]);
const at = (text: string) => new Date(text);

describe('what a home reports is counted only when every fact about it is known', () => {
  it('a window of a deployment, meter and home that are known is counted', () => {
    expect(windowFault(window(), served, meter, context)).toBeNull();
  });

  it('a total with more digits than one event may have is counted: refused, it would keep the hour of its home open', () => {
    const quantity = `${'9'.repeat(30)}.000000000001`;
    expect(windowFault(window({ quantity }), served, meter, context)).toBeNull();
    expect(windowFault(window({ quantity: '9'.repeat(43) }), served, meter, context)).toBe('QUANTITY_INVALID');
  });

  it.each([
    ['no such deployment', window(), undefined, meter, 'DEPLOYMENT_UNKNOWN'],
    ['no such meter', window(), served, undefined, 'METER_UNKNOWN'],
    ['the meter is counted by core-api', window(), served, { ...meter, authority: 'control' }, 'METER_WRONG_PLANE'],
    ['a gauge reported as a counter', window(), served, { ...meter, aggregation: 'last' }, 'METER_AGGREGATION'],
    ['a home that never held it', window({ homeId: otherHome }), served, meter, 'HOME_DOES_NOT_SERVE'],
    ['a negative quantity', window({ quantity: '-1' }), served, meter, 'QUANTITY_INVALID'],
    ['a comma', window({ quantity: '12,5' }), served, meter, 'QUANTITY_INVALID'],
    ['13 decimals', window({ quantity: '0.0000000000001' }), served, meter, 'QUANTITY_INVALID'],
    ['an empty window', window({ windowEnd: at('2026-04-10T11:00:00Z') }), served, meter, 'WINDOW_SHAPE'],
    ['not from its start', window({ windowStart: at('2026-04-10T11:15:00Z') }), served, meter, 'WINDOW_SHAPE'],
    ['not to its end', window({ windowEnd: at('2026-04-10T11:59:59.999Z') }), served, meter, 'WINDOW_SHAPE'],
    ['longer than its hour', window({ windowEnd: at('2026-04-10T12:00:00.001Z') }), served, meter, 'WINDOW_SHAPE'],
  ] as const)('%s → quarantine', (_why, total, facts, known, fault) => {
    expect(windowFault(total, facts, known, context)).toBe(fault);
  });

  it('a window of another region’s deployment is nobody’s there, whatever it says of itself', () => {
    expect(windowFault(window(), served, meter, { ...context, region: 'us-1' })).toBe('REGION_MISMATCH');
  });

  it.each([
    ['an hour that the month ends in is cut there', '18:00', '18:30', null],
    ['and goes on in the next month', '18:30', '19:00', null],
    ['whole, it would lie in both months', '18:00', '19:00', 'WINDOW_SHAPE'],
  ] as const)('a window never crosses the edge of a billing period: %s', (_why, start, end, fault) => {
    const total = window({ windowStart: at(`2026-03-31T${start}:00Z`), windowEnd: at(`2026-03-31T${end}:00Z`) });
    expect(windowFault(total, served, meter, context)).toBe(fault);
  });

  it.each([
    ['5 minutes ahead is tolerated', '2026-04-10T10:55:00Z', null],
    ['a millisecond more is not', '2026-04-10T10:54:59.999Z', 'WINDOW_IN_FUTURE'],
    ['35 days and the hour of the window back is tolerated', '2026-05-15T12:00:00Z', null],
    ['a millisecond more is not', '2026-05-15T12:00:00.001Z', 'WINDOW_TOO_OLD'],
  ] as const)('%s', (_why, now, fault) => {
    expect(windowFault(window(), served, meter, { ...context, now: at(now) })).toBe(fault);
  });

  it.each([
    ['it was placed there in the middle of the window', '2026-04-10T11:59:59.999Z', null, null],
    ['it was placed there when the window ended', '2026-04-10T12:00:00Z', null, 'HOME_DOES_NOT_SERVE'],
    ['it left in the middle', '2026-03-01T00:00:00Z', '2026-04-10T11:00:00.001Z', null],
    ['it left as the window began', '2026-03-01T00:00:00Z', '2026-04-10T11:00:00Z', 'HOME_DOES_NOT_SERVE'],
  ] as const)('%s', (_why, from, to, fault) => {
    const facts = deployment([{ homeId: home, from: at(from), to: to === null ? null : at(to) }]);
    expect(windowFault(window(), facts, meter, context)).toBe(fault);
  });

  it('a home counts late usage of hours that another home served before it, and none of before the deployment', () => {
    const moved = [
      { homeId: otherHome, from: at('2026-04-10T00:00:00Z'), to: at('2026-04-10T20:00:00Z') },
      { homeId: home, from: at('2026-04-10T20:00:00Z'), to: null },
    ];
    expect(windowFault(window(), deployment(moved), meter, context)).toBeNull();
    const young = moved.map((placement) => ({ ...placement, from: at('2026-04-10T20:00:00Z') }));
    expect(windowFault(window(), deployment(young), meter, context)).toBe('HOME_DOES_NOT_SERVE');
  });

  it('A3: any order and repetition of revisions leaves the highest one', () => {
    const revisions = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(revisions, (order) => {
        const left = newestOfEach(order.map((n) => window({ revision: n, quantity: String(n) })));
        expect(left).toEqual([window({ revision: Math.max(...order), quantity: String(Math.max(...order)) })]);
      }),
    );
  });
});
