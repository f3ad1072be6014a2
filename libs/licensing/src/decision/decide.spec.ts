import { describe, expect, it } from '@jest/globals';
import { allErrorDeclarations } from '@biplane/kernel';
import type { LicenseClaims, LicensedLimit, StrategyName } from '../claims/claims.js';
import { DEPLOYMENT, goodClaims, HOME, NOW } from '../testing/fixtures.js';
import { decide } from './decide.js';
import type { CounterReading, DecideInput } from './decision.js';

const action = 'financials:automated_billing';
const windowEndsAt = new Date('2026-04-30T14:00:00.000Z');

function licenseWith(limit: Partial<LicensedLimit>, changes: Partial<LicenseClaims> = {}): LicenseClaims {
  const base = goodClaims.modules['financials']?.limits[0] as LicensedLimit;
  const limits = [{ ...base, cap: '10', warnAt: [], ...limit }];
  const exp = Date.parse(goodClaims.graceEndsAt) / 1000;
  return { ...goodClaims, exp, modules: { financials: { features: ['automated_billing'], limits } }, ...changes };
}
const reading = (used: string, changes: Partial<CounterReading> = {}): CounterReading => ({
  meter: 'api_calls',
  window: 'month',
  used,
  asOf: NOW,
  windowEndsAt,
  ...changes,
});
const ask = (changes: Partial<DecideInput>) =>
  decide({ license: licenseWith({}), deploymentId: DEPLOYMENT, homeId: HOME, action, now: NOW, ...changes });
const askMeter = (license: LicenseClaims, used: string | undefined, quantity?: string, now = NOW) =>
  ask({ license, meter: 'api_calls', quantity, now, readings: used === undefined ? [] : [reading(used)] });

const grace = new Date(goodClaims.termEndsAt);
const expired = new Date(goodClaims.graceEndsAt);

/** Strategy x counter store x license, as the table "when no answer can be had" of the architecture has it. */
const table: [strategy: StrategyName, used: string | undefined, now: Date, outcome: string, code: string | null][] = [
  ['hard_block', '9', NOW, 'allow', null],
  ['hard_block', '10', NOW, 'deny', 'LIMIT.REACHED'],
  ['hard_block', undefined, NOW, 'deny', 'LIMIT.UNAVAILABLE'],
  ['hard_block', '9', grace, 'warn', 'LICENSE.IN_GRACE'],
  ['hard_block', '10', grace, 'deny', 'LIMIT.REACHED'],
  ['hard_block', '0', expired, 'deny', 'LICENSE.EXPIRED'],
  ['soft_warning', '9', NOW, 'allow', null],
  ['soft_warning', '10', NOW, 'warn', 'LIMIT.EXCEEDED'],
  ['soft_warning', undefined, NOW, 'allow', null],
  ['soft_warning', undefined, grace, 'warn', 'LICENSE.IN_GRACE'],
  ['soft_warning', '0', expired, 'deny', 'LICENSE.EXPIRED'],
  ['overage_charge', '9', NOW, 'allow', null],
  ['overage_charge', '10', NOW, 'overage', 'LIMIT.OVERAGE'],
  ['overage_charge', undefined, NOW, 'allow', null],
  ['overage_charge', '10', grace, 'overage', 'LIMIT.OVERAGE'],
  ['overage_charge', '0', expired, 'deny', 'LICENSE.EXPIRED'],
  ['throttle', '9', NOW, 'allow', null],
  ['throttle', '10', NOW, 'delay', 'LIMIT.UNAVAILABLE'],
  ['throttle', undefined, NOW, 'delay', 'LIMIT.UNAVAILABLE'],
  ['throttle', '9', grace, 'warn', 'LICENSE.IN_GRACE'],
  ['throttle', '0', expired, 'deny', 'LICENSE.EXPIRED'],
  ['queue', '9', NOW, 'allow', null],
  ['queue', '10', NOW, 'delay', 'LIMIT.QUEUED'],
  ['queue', undefined, NOW, 'delay', 'LIMIT.UNAVAILABLE'],
  ['queue', '10', grace, 'delay', 'LIMIT.QUEUED'],
  ['queue', '0', expired, 'deny', 'LICENSE.EXPIRED'],
  ['allow', '9', NOW, 'allow', null],
  ['allow', '1000000', NOW, 'allow', null],
  ['allow', undefined, NOW, 'allow', null],
  ['allow', '10', grace, 'warn', 'LICENSE.IN_GRACE'],
  ['allow', '0', expired, 'deny', 'LICENSE.EXPIRED'],
];

describe('decide', () => {
  it.each(table)('%s with %s of 10 in use at %s: %s (%s)', (strategy, used, now, outcome, code) => {
    const decision = askMeter(licenseWith({ strategy }), used, '1', now);
    expect(decision).toMatchObject({ outcome, code, isAllowed: !['deny', 'delay'].includes(outcome) });
  });

  it.each<[name: string, changes: Partial<DecideInput>, code: string]>([
    ['no license is held', { license: null }, 'LICENSE.UNAVAILABLE'],
    ['the license is for another deployment', { deploymentId: goodClaims.jti }, 'LICENSE.UNAVAILABLE'],
    ['the deployment is placed in another home', { homeId: goodClaims.jti }, 'LICENSE.ELSEWHERE'],
    ['the license is suspended', { license: licenseWith({}, { status: 'suspended' }) }, 'LICENSE.SUSPENDED'],
    ['the license is revoked', { license: licenseWith({}, { status: 'revoked' }) }, 'LICENSE.REVOKED'],
    ['the license has expired', { now: expired }, 'LICENSE.EXPIRED'],
    ['the license has not started', { now: new Date(Date.parse(goodClaims.startsAt) - 1) }, 'LICENSE.NOT_STARTED'],
    ['the module is unknown', { action: 'search:anything' }, 'LICENSE.MODULE_NOT_LICENSED'],
    ['the feature is unknown', { action: 'financials:anything' }, 'LICENSE.MODULE_NOT_LICENSED'],
    ['the action names no feature', { action: 'financials' }, 'LICENSE.MODULE_NOT_LICENSED'],
    ['the action names too much', { action: `${action}:more` }, 'LICENSE.MODULE_NOT_LICENSED'],
    ['the action is empty', { action: '' }, 'LICENSE.MODULE_NOT_LICENSED'],
    ['the module is a member of every object', { action: '__proto__:x' }, 'LICENSE.MODULE_NOT_LICENSED'],
    ['the module is a method of every object', { action: 'constructor:name' }, 'LICENSE.MODULE_NOT_LICENSED'],
  ])('denies when %s, with a declared code', (_name, changes, code) => {
    const decision = ask(changes);
    expect(decision).toMatchObject({ outcome: 'deny', isAllowed: false, code });
    expect(allErrorDeclarations().map((each) => each.code)).toContain(code);
  });

  it('a licensed action without a meter needs no counter', () => {
    expect(ask({})).toEqual({
      outcome: 'allow',
      isAllowed: true,
      code: null,
      reason: 'The action is licensed',
      behavior: null,
      limit: null,
      used: null,
      remaining: null,
      retryAt: null,
      licenseVersion: 7,
      asOf: new Date(goodClaims.iat * 1000).toISOString(),
      stale: false,
      warnings: [],
    });
  });

  it('a decision can be shared: nobody changes it for another', () => {
    const license = licenseWith({});
    const decision = ask({ license, now: grace });
    expect(ask({ license, now: grace })).toBe(decision);
    expect(Object.isFrozen(decision) && Object.isFrozen(decision.warnings)).toBe(true);
  });

  it('a denial by a limit says what is in use, what is left and when to try again', () => {
    const asOf = new Date('2026-04-10T11:59:00.000Z');
    const decision = ask({ meter: 'api_calls', quantity: '3', readings: [reading('8', { asOf, stale: true })] });
    expect(decision).toEqual({
      outcome: 'deny',
      isAllowed: false,
      code: 'LIMIT.REACHED',
      reason: '8 of 10 api_calls are in use',
      behavior: 'hard_block',
      limit: '10',
      used: '8',
      remaining: '2',
      retryAt: windowEndsAt.toISOString(),
      licenseVersion: 7,
      asOf: asOf.toISOString(),
      stale: true,
      warnings: [],
    });
  });

  it('a meter that the module does not limit is admitted', () => {
    expect(ask({ meter: 'records' })).toMatchObject({ outcome: 'allow', limit: null });
  });

  it('the count of another window is no answer', () => {
    const decision = ask({ meter: 'api_calls', readings: [reading('0', { window: 'day' })] });
    expect(decision).toMatchObject({ outcome: 'deny', code: 'LIMIT.UNAVAILABLE', used: null });
  });

  it('of a limit a day and one a month the stricter answer holds', () => {
    const license = licenseWith({});
    const [month] = license.modules['financials']?.limits ?? [];
    const day = { ...(month as LicensedLimit), window: 'day' as const, cap: '2', strategy: 'soft_warning' as const };
    const both = {
      ...license,
      modules: { financials: { features: ['automated_billing'], limits: [day, month as LicensedLimit] } },
    };
    const readings = [reading('2', { window: 'day' }), reading('10')];
    expect(ask({ license: both, meter: 'api_calls', readings })).toMatchObject({ outcome: 'deny', limit: '10' });
    const early = [reading('2', { window: 'day' }), reading('2')];
    expect(ask({ license: both, meter: 'api_calls', readings: early })).toMatchObject({ outcome: 'warn', limit: '2' });
  });

  it('a use that reaches a threshold is admitted with a warning', () => {
    const license = licenseWith({ warnAt: ['0.8', '1'] });
    expect(askMeter(license, '6').outcome).toBe('allow');
    expect(askMeter(license, '7')).toMatchObject({ outcome: 'warn', code: 'LIMIT.NEAR', isAllowed: true });
    expect(askMeter(license, '9').warnings).toMatchObject([{ code: 'LIMIT.NEAR' }]);
  });

  it('a strategy that nobody knows is the strictest one', () => {
    const license = licenseWith({ strategy: 'newer' as StrategyName });
    expect(askMeter(license, '9').outcome).toBe('allow');
    expect(askMeter(license, '10').outcome).toBe('deny');
    expect(askMeter(license, undefined).outcome).toBe('deny');
  });

  it('B14: a cap lowered below what is in use leaves nothing, denies what is new and says why', () => {
    const lowered = licenseWith({ cap: '5', window: null, meter: 'connectors' });
    const level = reading('9', { meter: 'connectors', window: null, windowEndsAt: null });
    expect(ask({ license: lowered, meter: 'connectors', readings: [level] })).toMatchObject({
      outcome: 'deny',
      code: 'LIMIT.REACHED',
      reason: '9 of 5 connectors are in use',
      limit: '5',
      used: '9',
      remaining: '0',
      retryAt: null,
    });
    // What is there already is reached by actions that add nothing: they name no meter.
    expect(ask({ license: lowered })).toMatchObject({ outcome: 'allow' });
  });

  it('a throttled request passes with a warning while the rate allows, and else waits for the rate or the new window', () => {
    const license = licenseWith({ strategy: 'throttle', rate: { perSecond: '5', burst: 10 } });
    const askRate = (rate: CounterReading['rate'], used = '10') =>
      ask({ license, meter: 'api_calls', readings: [reading(used, { rate })] });
    const soon = new Date(NOW.getTime() + 200);
    const late = new Date(windowEndsAt.getTime() + 1);
    expect(askRate({ admitted: true })).toMatchObject({ outcome: 'warn', code: 'LIMIT.THROTTLED', retryAt: null });
    expect(askRate({ admitted: true }).warnings).toMatchObject([{ code: 'LIMIT.THROTTLED' }]);
    expect(askRate({ admitted: false, retryAt: soon })).toMatchObject({
      outcome: 'delay',
      isAllowed: false,
      code: 'LIMIT.THROTTLED',
      retryAt: soon.toISOString(),
      warnings: [],
    });
    for (const retryAt of [late, null]) {
      expect(askRate({ admitted: false, retryAt }).retryAt).toBe(windowEndsAt.toISOString());
    }
    expect(askRate({ admitted: false, retryAt: soon }, '9').outcome).toBe('allow');
  });

  it('a queued request waits for the next window, and one for a level nobody knows how long', () => {
    const license = licenseWith({ strategy: 'queue' });
    expect(askMeter(license, '10')).toMatchObject({ outcome: 'delay', retryAt: windowEndsAt.toISOString() });
    const level = licenseWith({ strategy: 'queue', window: null });
    const readings = [reading('10', { window: null, windowEndsAt: null })];
    expect(ask({ license: level, meter: 'api_calls', readings })).toMatchObject({ outcome: 'delay', retryAt: null });
  });

  it('counts stay exact beyond what a float can hold, and with every decimal', () => {
    const exact = (cap: string, used: string, quantity: string) => askMeter(licenseWith({ cap }), used, quantity);
    expect(exact('9007199254740993', '9007199254740992', '1')).toMatchObject({ outcome: 'allow', remaining: '1' });
    expect(exact('9007199254740993', '9007199254740993', '1')).toMatchObject({ outcome: 'deny', remaining: '0' });
    expect(exact('0.3', '0.1', '0.2')).toMatchObject({ outcome: 'allow', remaining: '0.2' });
    expect(exact('0.3', '0.1', '0.200000000001').outcome).toBe('deny');
    expect(exact('10', '9.000000', '1')).toMatchObject({ outcome: 'allow', used: '9', remaining: '1' });
    expect(exact('999999999999999', '999999999999998', '1')).toMatchObject({ outcome: 'allow', remaining: '1' });
    expect(exact('999999999999999', '999999999999999', '999999999999999').outcome).toBe('deny');
  });

  it('every warning is told, the limit first', () => {
    const decision = askMeter(licenseWith({ strategy: 'overage_charge' }), '10', '1', grace);
    expect(decision.warnings.map(({ code }) => code)).toEqual(['LIMIT.OVERAGE', 'LICENSE.IN_GRACE']);
  });

  it('notice is a warning on an admitted request', () => {
    expect(ask({ now: new Date(goodClaims.noticeAt) })).toMatchObject({ outcome: 'warn', code: 'LICENSE.ENDS_SOON' });
  });
});
