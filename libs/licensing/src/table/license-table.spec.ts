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
const licensed = fc.dictionary(
  fc.constantFrom(...modules),
  fc.subarray([...features]).map((some) => ({ features: some, limits: [] })),
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
    arbitrary: fc.record({ id: fc.nat({ max: 6 }).map(idOf), action: actions, offset: instants }),
  },
);

describe('LicenseTable', () => {
  it('answers as the one decision does, whatever licenses came and went, whatever is asked when', () => {
    const seen = new Set<string>();
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
          }
        }
        expect(table.size).toBe(held.size);
      }),
      { numRuns: 600 },
    );
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
