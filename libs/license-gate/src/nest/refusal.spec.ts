import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decide, type LicenseClaims, type LicensedLimit } from '@biplane/licensing';
import { newPlacement, TestIssuer } from '@biplane/testing';
import { refusalOf, warningHeader } from './refusal.js';

const NOW = new Date('2026-04-10T12:00:00.000Z');
const homeId = randomUUID();
const placement = newPlacement(homeId);
const claims = new TestIssuer('eu-1', NOW).claims(placement);
const monthEnd = new Date('2026-04-30T14:00:00.000Z');

function withLimit(changes: Partial<LicensedLimit>): LicenseClaims {
  const [limit] = claims.modules['financials']?.limits ?? [];
  const limits = [{ ...(limit as LicensedLimit), ...changes }];
  return { ...claims, modules: { financials: { features: ['automated_billing'], limits } } };
}

function refusalFor(license: LicenseClaims | undefined, used?: string, action = 'financials:automated_billing') {
  const rate = { admitted: false, retryAt: new Date(NOW.getTime() + 200) } as const;
  const reading = { meter: 'api_calls', window: 'month' as const, asOf: NOW, windowEndsAt: monthEnd, rate };
  const decision = decide({
    license,
    deploymentId: placement.deploymentId,
    homeId,
    action,
    meter: 'api_calls',
    now: NOW,
    readings: used === undefined ? [] : [{ ...reading, used }],
  });
  return refusalOf(decision, { action, now: NOW, newAddress: license?.placement.url });
}

describe('what a guarded route answers', () => {
  it.each<[string, number, ReturnType<typeof refusalFor>]>([
    ['LICENSE.UNAVAILABLE', 503, refusalFor(undefined)],
    ['LICENSE.MODULE_NOT_LICENSED', 403, refusalFor(claims, '0', 'search:index')],
    ['LICENSE.EXPIRED', 403, refusalFor({ ...claims, exp: claims.iat - 1 }, '0')],
    ['LICENSE.SUSPENDED', 403, refusalFor({ ...claims, status: 'suspended' }, '0')],
    ['LICENSE.REVOKED', 403, refusalFor({ ...claims, status: 'revoked' }, '0')],
    ['LIMIT.REACHED', 429, refusalFor(claims, '10')],
    ['LIMIT.UNAVAILABLE', 503, refusalFor(claims)],
    ['LIMIT.QUEUED', 429, refusalFor(withLimit({ strategy: 'queue' }), '10')],
    ['LIMIT.THROTTLED', 429, refusalFor(withLimit({ strategy: 'throttle', rate: { perSecond: '5', burst: 1 } }), '10')],
    [
      'LICENSE.ELSEWHERE',
      421,
      refusalFor({ ...claims, placement: { ...claims.placement, homeId: randomUUID() } }, '0'),
    ],
  ])('%s is answered with %i', (code, status, failure) => {
    expect(failure).toMatchObject({ code, status });
    expect(failure.retryAfterSeconds !== undefined).toBe(status === 429 || status === 503);
  });

  it('what is not licensed is named: only the route knows what it asked for', () => {
    const { detail, members } = refusalFor(claims, '0', 'search:index');
    expect({ detail, action: members?.['action'] }).toEqual({
      detail: 'The license does not include search:index',
      action: 'search:index',
    });
    expect(refusalFor(claims, '10').members).not.toHaveProperty('action');
  });

  it('a reached limit says when to come back, at most in a day, and the moved deployment says where', () => {
    expect(refusalFor(claims, '10').retryAfterSeconds).toBe(86_400);
    const moved = { ...claims, placement: { ...claims.placement, homeId: randomUUID(), url: 'https://new.example' } };
    expect(refusalFor(moved, '0').members).toMatchObject({ url: 'https://new.example' });
  });

  it('a warning is one line of printable ASCII', () => {
    expect(warningHeader([])).toBeUndefined();
    const header = warningHeader([{ code: 'LIMIT.NEAR', reason: 'a "quoted"\r\nSet-Cookie: x – é' }]);
    expect(header).toBe(`LIMIT.NEAR; reason="a 'quoted'??Set-Cookie: x ? ?"`);
  });
});
