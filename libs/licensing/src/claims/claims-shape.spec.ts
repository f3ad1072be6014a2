import { describe, expect, it } from '@jest/globals';
import { contextWith, forge, goodClaims, goodHeader } from '../testing/fixtures.js';
import { verifyLicense } from '../token/verify-license.js';
import { licenseProblems } from './claims-shape.js';

type Json = Record<string, unknown>;

function changed(path: string, value: unknown): Json {
  const copy = structuredClone(goodClaims) as unknown as Json;
  const keys = path.slice(1).split('/');
  const last = keys.pop() ?? '';
  const parent = keys.reduce<Json>((at, key) => at[key] as Json, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

const limit = '/modules/financials/limits/0';
const required = [
  '/sub',
  '/jti',
  '/iat',
  '/exp',
  '/version',
  '/status',
  '/startsAt',
  '/noticeAt',
  '/termEndsAt',
  '/graceEndsAt',
  '/calendar',
  '/calendar/timeZone',
  '/deployment',
  '/deployment/id',
  '/deployment/type',
  '/deployment/region',
  '/placement',
  '/placement/homeId',
  '/placement/epoch',
  '/placement/phase',
  '/placement/url',
  '/plan',
  '/plan/code',
  '/plan/version',
  '/featureFlags',
  '/modules',
  '/modules/financials/features',
  '/modules/financials/limits',
  `${limit}/meter`,
  `${limit}/authority`,
  `${limit}/aggregation`,
  `${limit}/cap`,
  `${limit}/window`,
  `${limit}/strategy`,
  `${limit}/warnAt`,
];

const illTyped: [pointer: string, value: unknown, why: string][] = [
  ['/sub', 'acme', 'a tenant is a UUID'],
  ['/sub', 7, 'a tenant is a text'],
  ['/jti', '0196FBD0-0000-7000-8000-0000000000F1', 'a UUID is in lower case'],
  ['/iat', '1775818800', 'an iat is a number'],
  ['/iat', 1775818800.5, 'an iat is whole'],
  ['/iat', -1, 'an iat is after 1970'],
  ['/exp', null, 'an exp is a number'],
  ['/exp', 1e300, 'an exp is exact'],
  ['/version', '7', 'a version is a number'],
  ['/version', 0, 'versions begin at 1'],
  ['/version', 2 ** 53, 'a version is exact'],
  ['/version', [7], 'a version is no list'],
  ['/status', 'ACTIVE', 'a status is one of three'],
  ['/status', 'paused', 'a status is one of three'],
  ['/startsAt', '2026-03-31', 'an instant is no date'],
  ['/startsAt', '2026-03-31T10:00:00Z', 'one instant has one spelling'],
  ['/noticeAt', 1775818800, 'an instant is a text'],
  ['/termEndsAt', '2026-02-30T00:00:00.000Z', 'the day exists'],
  ['/graceEndsAt', 'never', 'an instant is an instant'],
  ['/calendar/timeZone', '../../etc/passwd', 'a zone is no path'],
  ['/calendar/timeZone', '', 'a zone is not empty'],
  ['/deployment/type', 'dedicated', 'a type is one of two'],
  ['/deployment/region', 'eu 1', 'a region is a code'],
  ['/placement/homeId', null, 'a home is a UUID'],
  ['/placement/epoch', '1', 'an epoch is a number'],
  ['/placement/epoch', 0, 'epochs begin at 1'],
  ['/placement/phase', 'moving', 'a phase is one of two'],
  ['/placement/url', 'javascript:alert(1)', 'an address is http(s)'],
  ['/placement/previous', 'home-1', 'the previous home is an object'],
  ['/plan/code', 'Studio Plan', 'a plan has a code'],
  ['/plan/version', 1.5, 'a plan version is whole'],
  ['/featureFlags', [], 'flags are an object'],
  ['/featureFlags/beta_reports', 'true', 'a flag is true or false'],
  ['/modules', [], 'modules are an object'],
  [
    '/modules',
    Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`m${i}`, { features: [], limits: [] }])),
    'at most 100 modules',
  ],
  ['/modules/financials', null, 'a module is an object'],
  ['/modules/financials/features', 'automated_billing', 'features are a list'],
  ['/modules/financials/features/0', 7, 'a feature is a text'],
  ['/modules/financials/features', Array(101).fill('a'), 'at most 100 features'],
  ['/modules/financials/limits', {}, 'limits are a list'],
  [`${limit}/meter`, 'API calls', 'a meter is a code'],
  [`${limit}/authority`, 'both', 'one plane counts'],
  [`${limit}/aggregation`, 'mean', 'an aggregation is one of three'],
  [`${limit}/cap`, 100000, 'a cap is a text'],
  [`${limit}/cap`, '-1', 'a cap is not negative'],
  [`${limit}/cap`, '1e5', 'a cap has no exponent'],
  [`${limit}/cap`, 'Infinity', 'a cap is finite'],
  [`${limit}/window`, 'hour', 'a window is a day, a month or none'],
  [`${limit}/strategy`, 'hardBlock', 'a strategy is one of six'],
  [`${limit}/warnAt`, '0.8', 'thresholds are a list'],
  [`${limit}/warnAt/0`, '1.5', 'a share is at most 1'],
  [`${limit}/warnAt/0`, 0.8, 'a share is a text'],
  [`${limit}/rate`, { perSecond: 5, burst: 10 }, 'a rate is a text'],
  ['/purgeAfter', '2026-06-01T00:00:00.000Z', 'only a revoked license is purged'],
  [
    '/bootstrap',
    { adminUserId: goodClaims.jti, inviteTokenHash: 'secret', expiresAt: goodClaims.noticeAt },
    'a hash travels, never the token',
  ],
  ['/enrollment', {}, 'an enrollment has its hash'],
  ['/deployment/id', '0196fbd0-0000-7000-8000-00000000d002', 'the deployment is that of the audience'],
  ['/exp', Date.parse('2026-05-15T00:00:01Z') / 1000, 'exp is not after the grace'],
  ['/noticeAt', '2026-05-02T00:00:00.000Z', 'notice comes before the end'],
  ['/graceEndsAt', '2026-04-30T00:00:00.000Z', 'the grace comes after the term'],
];

const refusal = (claims: Json) => verifyLicense(forge(goodHeader, claims), contextWith());
const pointersOf = (claims: Json) => licenseProblems(claims, 'ignore').map(({ pointer }) => pointer);

describe('the shape of a license', () => {
  it.each(required)('a token without the claim %s is refused', (pointer) => {
    expect(refusal(changed(pointer, undefined))).toMatchObject({ ok: false, error: { code: 'LICENSE_TOKEN.SCHEMA' } });
    expect(pointersOf(changed(pointer, undefined))).toContain(pointer);
  });

  it.each(illTyped)('a token with %s = %j is refused: %s', (pointer, value) => {
    expect(refusal(changed(pointer, value))).toMatchObject({ ok: false, error: { code: 'LICENSE_TOKEN.SCHEMA' } });
    expect(pointersOf(changed(pointer, value)).some((at) => at.startsWith(pointer) || pointer.startsWith(at))).toBe(
      true,
    );
  });

  it('a meter that is limited twice in one window is refused', () => {
    const limits = goodClaims.modules['financials']?.limits ?? [];
    expect(pointersOf(changed('/modules/financials/limits', [...limits, ...limits]))).toEqual([
      '/modules/financials/limits/1',
    ]);
  });

  it('a throttle without a rate is refused', () => {
    expect(pointersOf(changed(`${limit}/strategy`, 'throttle'))).toEqual([`${limit}/rate`]);
  });

  it.each([
    ['a meter that stands nowhere', 'meter', 'elsewhere'],
    ['another authority', 'authority', 'control'],
    ['another aggregation', 'aggregation', 'last'],
  ])('a limit that does not agree with the meters is refused: %s', (_why, member, value) => {
    expect(pointersOf(changed(`${limit}/${member}`, value))).toEqual([`${limit}/meter`]);
  });

  it('a license without a grace is well-formed', () => {
    expect(licenseProblems({ ...goodClaims, graceEndsAt: goodClaims.termEndsAt }, 'refuse')).toEqual([]);
  });

  it('the optional claims are accepted when they are well-formed', () => {
    const hash = 'a'.repeat(64);
    const bootstrap = { adminUserId: goodClaims.jti, inviteTokenHash: hash, expiresAt: goodClaims.noticeAt };
    const previous = { homeId: goodClaims.jti, epoch: 1 };
    const claims = {
      ...goodClaims,
      bootstrap,
      enrollment: { homeId: '01990000-0000-7000-8000-00000000000a', tokenHash: hash },
      placement: { ...goodClaims.placement, previous, next: { ...previous, epoch: 2, url: 'https://own.example' } },
    };
    expect(licenseProblems(claims, 'refuse')).toEqual([]);
    expect(
      licenseProblems({ ...goodClaims, status: 'revoked', purgeAfter: '2026-06-01T00:00:00.000Z' }, 'refuse'),
    ).toEqual([]);
  });

  it('an unknown member is refused on signing, at any depth', () => {
    expect(licenseProblems({ ...goodClaims, note: 1 }, 'refuse')).toEqual([
      { pointer: '/note', detail: 'is not known' },
    ]);
    expect(licenseProblems(changed('/plan/note', 1), 'refuse')).toHaveLength(1);
    expect(licenseProblems(changed('/plan/note', 1), 'ignore')).toEqual([]);
  });
});
