import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LICENSE_STATUSES, type LicenseClaims } from '../claims/claims.js';
import { decide } from '../decision/decide.js';
import { goodClaims, HOME, NOW } from '../testing/fixtures.js';
import { LicenseTable } from './license-table.js';

const dayMs = 86_400_000;
const idOf = (index: number) => `0196fbd0-0000-7000-8000-${index.toString(16).padStart(12, '0')}`;
const modules = ['financials', 'search', 'storage', 'constructor', 'm'] as const;
const features = ['use', 'index', 'tostring', 'f'] as const;
const instant = (ms: number) => new Date(ms).toISOString();

/** Dates a few days around NOW, in order, and often equal; `exp` before or at the end of the grace. */
const dates = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 4, maxLength: 4 }).map((days) => {
  const [startsAt, noticeAt, termEndsAt, graceEndsAt] = days
    .sort((a, b) => a - b)
    .map((day) => instant(NOW.getTime() + day * dayMs)) as [string, string, string, string];
  return { startsAt, noticeAt, termEndsAt, graceEndsAt };
});
const limits = fc.subarray(['10', '1000', '0.5']).map((caps) =>
  caps.map((cap, index) => ({
    meter: index === 2 ? 'rows' : 'calls',
    authority: 'data' as const,
    aggregation: 'sum' as const,
    cap,
    window: index === 0 ? ('month' as const) : ('day' as const),
    strategy: cap === '10' ? ('hard_block' as const) : ('soft_warning' as const),
    warnAt: ['0.8', '1'],
  })),
);
const licensed = fc.dictionary(
  fc.constantFrom(...modules),
  fc.record({ features: fc.subarray([...features]), limits }),
);
const licenses: fc.Arbitrary<LicenseClaims> = fc
  .record({
    id: fc.nat({ max: 5 }),
    version: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    status: fc.constantFrom('active' as const, 'active' as const, ...LICENSE_STATUSES),
    homeId: fc.constantFrom(HOME, HOME, HOME, idOf(99)),
    dates,
    expBefore: fc.constantFrom(0, 0, dayMs, 1_000),
    modules: licensed,
    iat: fc.nat({ max: 100_000 }),
  })
  .map(({ id, version, status, homeId, dates: when, expBefore, iat, ...rest }) => ({
    ...goodClaims,
    ...when,
    version,
    status,
    iat: goodClaims.iat - iat,
    exp: (Date.parse(when.graceEndsAt) - expBefore) / 1000,
    deployment: { ...goodClaims.deployment, id: idOf(id) },
    placement: { ...goodClaims.placement, homeId },
    modules: rest.modules,
  }));
const actions = fc.oneof(
  fc.tuple(fc.constantFrom(...modules, '__proto__'), fc.constantFrom(...features)).map((pair) => pair.join(':')),
  fc.constantFrom('', ':', 'financials', 'financials:', ':use', 'financials:use:f', 'nothing:known'),
);
/** On each boundary, one millisecond to either side of it, or anywhere near. */
const instants = fc.oneof(
  fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -1, max: 1 })).map(([day, ms]) => day * dayMs + ms),
  fc.integer({ min: -4 * dayMs, max: 4 * dayMs }),
  fc.integer({ min: -4, max: 4 }).map((day) => day * dayMs - 1_000),
);
const step = fc.oneof(
  { weight: 2, arbitrary: licenses.map((put) => ({ put })) },
  { weight: 1, arbitrary: fc.nat({ max: 5 }).map((remove) => ({ remove: idOf(remove) })) },
  {
    weight: 6,
    arbitrary: fc.record({
      id: fc.nat({ max: 6 }).map(idOf),
      action: actions,
      offset: instants,
      used: fc.constantFrom('0', '5', '6', '7', '8', '9', '10', '999', '1.5'),
    }),
  },
);

describe('LicenseTable', () => {
  it('answers as the one decision does, whatever licenses came and went, whatever is asked when', () => {
    const seen = new Set<string>();
    let [ready, left] = [0, 0];
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.boolean(), (steps, hasHome) => {
        const homeId = hasHome ? HOME : undefined;
        const table = new LicenseTable(homeId);
        const held = new Map<string, LicenseClaims>();
        for (const each of steps) {
          if ('put' in each) {
            table.put(each.put);
            held.set(each.put.deployment.id, each.put);
          } else if ('remove' in each) {
            table.remove(each.remove);
            held.delete(each.remove);
          } else {
            const now = new Date(NOW.getTime() + each.offset);
            const input = { license: held.get(each.id), deploymentId: each.id, homeId, action: each.action, now };
            const expected = decide(input);
            expect(table.decide(each.id, each.action, now.getTime())).toEqual(expected);
            seen.add(expected.code ?? 'allowed');
            const question = { deploymentId: each.id, action: each.action, meter: 'calls', quantity: '1' };
            const reading = {
              meter: 'calls',
              window: 'month' as const,
              used: each.used,
              asOf: now,
              windowEndsAt: null,
            };
            const counted = table.decideCounted(question, reading, now.getTime());
            if (counted === undefined) left += 1;
            else {
              expect(counted).toEqual(decide({ ...input, ...question, readings: [reading] }));
              if (counted.used !== null) ready += 1;
            }
          }
        }
        expect(table.size).toBe(held.size);
      }),
      { numRuns: 600 },
    );
    expect([ready > 0, left > 0]).toEqual([true, true]);
    expect([...seen].sort()).toEqual([
      'LICENSE.ELSEWHERE',
      'LICENSE.ENDS_SOON',
      'LICENSE.EXPIRED',
      'LICENSE.IN_GRACE',
      'LICENSE.MODULE_NOT_LICENSED',
      'LICENSE.NOT_STARTED',
      'LICENSE.REVOKED',
      'LICENSE.SUSPENDED',
      'LICENSE.UNAVAILABLE',
      'allowed',
    ]);
  });

  it('the same question twice gets the very same Decision: nothing is made on the way', () => {
    const table = new LicenseTable();
    table.put(goodClaims);
    const ask = (action: string) => table.decide(goodClaims.deployment.id, action, NOW.getTime());
    expect(ask('financials:automated_billing')).toBe(ask('financials:statement_runs'));
    expect(ask('search:index')).toBe(ask('nothing:known'));
    expect(ask('financials:automated_billing')).not.toBe(ask('search:index'));
  });

  it('thousands of licenses and actions keep what is theirs, while the table grows and slots are used again', () => {
    const table = new LicenseTable();
    const actionOf = (index: number) => ({ module: `m${index % 40}`, feature: `f${index % 97}` });
    const licenseOf = (index: number): LicenseClaims => ({
      ...goodClaims,
      version: index + 1,
      deployment: { ...goodClaims.deployment, id: idOf(index) },
      modules: { [actionOf(index).module]: { features: [actionOf(index).feature], limits: [] } },
    });
    for (let index = 0; index < 5_000; index += 1) table.put(licenseOf(index));
    for (let index = 0; index < 5_000; index += 3) table.remove(idOf(index));
    for (let index = 5_000; index < 8_000; index += 1) table.put(licenseOf(index));
    const wrong = Array.from({ length: 8_000 }, (_, index) => index).filter((index) => {
      const { module, feature } = actionOf(index);
      const own = table.decide(idOf(index), `${module}:${feature}`, NOW.getTime());
      const other = table.decide(idOf(index), `${module}:f${(index + 1) % 97}`, NOW.getTime());
      const isGone = index < 5_000 && index % 3 === 0;
      return own.isAllowed === isGone || other.isAllowed || (!isGone && own.licenseVersion !== index + 1);
    });
    expect(wrong).toEqual([]);
  });

  it('as many plans as there are licenses keep their own limits, while they come and go', () => {
    const table = new LicenseTable();
    const action = 'm:f';
    const capOf = (index: number, round: number): string => String(1_000 + index * 2 + round);
    const put = (index: number, round: number): void => {
      const limit = {
        authority: 'data',
        aggregation: 'sum',
        window: 'month',
        strategy: 'hard_block',
        warnAt: [],
      } as const;
      const limits = [{ ...limit, meter: 'calls', cap: capOf(index, round) }];
      const deployment = { ...goodClaims.deployment, id: idOf(index) };
      table.put({ ...goodClaims, deployment, modules: { m: { features: ['f'], limits } } });
    };
    const licenses = 70_000;
    for (let index = 0; index < licenses; index += 1) put(index, 0);
    for (let index = 0; index < licenses; index += 1_000) put(index, 1);
    for (let index = 500; index < licenses; index += 1_000) table.remove(idOf(index));
    const reading = { meter: 'calls', window: 'month', used: '7', asOf: NOW, windowEndsAt: null } as const;
    const wrong = Array.from({ length: licenses }, (_, index) => index).filter((index) => {
      const question = { deploymentId: idOf(index), action, meter: 'calls', quantity: '1' };
      const answer = table.decideCounted(question, reading, NOW.getTime());
      if (index % 1_000 === 500) return answer?.code !== 'LICENSE.UNAVAILABLE';
      return answer?.limit !== capOf(index, index % 1_000 === 0 ? 1 : 0);
    });
    expect(wrong).toEqual([]);
  });

  it('B8: a clock that leaps back and forth meets at each instant the verdict of that instant', () => {
    const table = new LicenseTable();
    const license = { ...goodClaims, exp: Date.parse(goodClaims.graceEndsAt) / 1000 };
    table.put(license);
    const codeAt = (text: string) =>
      table.decide(goodClaims.deployment.id, 'financials:automated_billing', Date.parse(text)).code;
    const leaps = [license.graceEndsAt, license.startsAt, license.termEndsAt, license.noticeAt, license.startsAt];
    expect(leaps.map(codeAt)).toEqual(['LICENSE.EXPIRED', null, 'LICENSE.IN_GRACE', 'LICENSE.ENDS_SOON', null]);
    expect(table.decide(goodClaims.deployment.id, 'financials:automated_billing', NaN).code).toBe('LICENSE.EXPIRED');
    expect(codeAt(license.startsAt)).toBeNull();
  });
});
