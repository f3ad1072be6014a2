import { describe, expect, it } from '@jest/globals';
import { DEPLOYMENT, HOME, KID, NOW, contextWith, goodClaims, pair } from '../testing/fixtures.js';
import { signLicense } from '../token/sign-license.js';
import { verifyLicense } from '../token/verify-license.js';
import { buildClaims, type LicenseInput } from './build-claims.js';
import { licenseProblems } from './claims-shape.js';
import { licenseState } from './license-state.js';

const meter = { authority: 'data', aggregation: 'sum' } as const;
const input: LicenseInput = {
  now: NOW,
  jti: goodClaims.jti,
  version: 3,
  tenantId: goodClaims.sub,
  deployment: { id: DEPLOYMENT, type: 'shared', region: 'eu-1' },
  status: 'active',
  startsAt: new Date('2026-03-31T10:00:00Z'),
  periodEndsAt: new Date('2026-04-30T14:00:00Z'), // April's end in Brisbane
  renews: true,
  timeZone: 'Australia/Brisbane',
  placement: { homeId: HOME, epoch: 1, phase: 'serving', url: 'https://eu-1.example' },
  plan: { code: 'studio', version: 1 },
  featureFlags: { zebra: false, beta_reports: true },
  modules: [
    {
      module: 'financials',
      features: ['automated_billing'],
      limits: [
        { meter: 'api_calls', cap: '100000.000000000000', window: 'month', strategy: 'hard_block', warnAt: ['0.8'] },
      ],
    },
    { module: 'members', features: ['records'], limits: [] },
  ],
  pricedMeters: ['droplet_hours'],
  addons: [],
  disabledModules: [],
  overrides: [],
  meters: new Map<string, { authority: 'data'; aggregation: 'sum' | 'last' }>([
    ['api_calls', meter],
    ['droplet_hours', meter],
    ['storage_gb', { authority: 'data', aggregation: 'last' }],
    ['records', { authority: 'data', aggregation: 'last' }],
  ]),
};
const build = (changes: Partial<LicenseInput> = {}) => buildClaims({ ...input, ...changes });
const limitsOf = (changes: Partial<LicenseInput>, module: string) => build(changes).modules[module]?.limits;
const addon = (units: string, module = 'storage', code = 'storage_gb', addToCap = '50') => [
  { units, grants: [{ module, meter: code, addToCap }] },
];

describe('buildClaims', () => {
  it('an override to throttle that outlived the rate of its plan leaves a license that homes accept', () => {
    const throttle = (meter: string) => ({ module: 'financials', meter, cap: '5', strategy: 'throttle' as const });
    const claims = build({ overrides: [throttle('api_calls'), throttle('records')] });
    expect(claims.modules['financials']?.limits).toMatchObject([
      { meter: 'api_calls', cap: '5', strategy: 'hard_block' },
      { meter: 'records', cap: '5', strategy: 'hard_block' },
    ]);
    expect(licenseProblems(claims, 'refuse')).toEqual([]);
  });

  it('builds a document that is accepted when signed', () => {
    const compact = signLicense(build(), { kid: KID, privateKey: pair.privateKey });
    expect(verifyLicense(compact, contextWith())).toMatchObject({ ok: true, value: { claims: build() } });
  });

  it('every meter that is priced, limited or granted is named, those of disabled modules too', () => {
    const { meters } = build({ addons: addon('1'), disabledModules: ['financials'] });
    expect(Object.entries(meters)).toEqual([
      ['api_calls', meter],
      ['droplet_hours', meter],
      ['storage_gb', { authority: 'data', aggregation: 'last' }],
    ]);
  });

  it('the same input gives the same bytes, in whatever order the plan lists its modules', () => {
    const reversed = { modules: [...input.modules].reverse(), featureFlags: { beta_reports: true, zebra: false } };
    expect(JSON.stringify(build(reversed))).toBe(JSON.stringify(build()));
  });

  it('the term ends at the first 24:00 UTC at or after the period, the grace 14 days later', () => {
    expect(build()).toMatchObject({ termEndsAt: '2026-05-01T00:00:00.000Z', graceEndsAt: '2026-05-15T00:00:00.000Z' });
    const atMidnight = build({ periodEndsAt: new Date('2026-05-01T00:00:00Z') });
    expect(atMidnight.termEndsAt).toBe('2026-05-01T00:00:00.000Z');
    const justAfter = build({ periodEndsAt: new Date('2026-05-01T00:00:00.001Z') });
    expect(justAfter.termEndsAt).toBe('2026-05-02T00:00:00.000Z');
  });

  it('exp is seven days after iat, and never after the grace', () => {
    expect(build().exp - build().iat).toBe(7 * 86_400);
    const late = build({ now: new Date('2026-05-12T00:00:00.999Z') });
    expect(late.exp).toBe(Date.parse('2026-05-15T00:00:00Z') / 1000);
    expect(licenseProblems(late, 'refuse')).toEqual([]);
  });

  it('a subscription that renews gives no notice, one that ends gives seven days', () => {
    expect(build().noticeAt).toBe(build().termEndsAt);
    expect(build({ renews: false }).noticeAt).toBe('2026-04-24T00:00:00.000Z');
    expect(build({ renews: false, noticeDays: 1 }).noticeAt).toBe('2026-04-30T00:00:00.000Z');
  });

  it('a revoked license is accepted until its data may be purged, long after its term', () => {
    const now = new Date('2026-08-01T00:00:00Z');
    const revoked = build({ now, status: 'revoked', purgeAfter: new Date('2026-08-31T00:00:00Z') });
    const compact = signLicense(revoked, { kid: KID, privateKey: pair.privateKey });
    expect(verifyLicense(compact, contextWith({ now })).ok).toBe(true);
    expect(licenseState(revoked, now)).toBe('revoked');
  });

  it('purgeAfter stands on a revoked license only', () => {
    expect(build({ purgeAfter: NOW }).purgeAfter).toBeUndefined();
  });

  it('a cap that the database padded has its one spelling', () => {
    expect(limitsOf({}, 'financials')?.[0]?.cap).toBe('100000');
  });

  it('a grant raises the cap of a limit by addToCap x units', () => {
    expect(limitsOf({ addons: addon('2.5', 'financials', 'api_calls', '1000') }, 'financials')?.[0]?.cap).toBe(
      '102500',
    );
  });

  it('a grant without its limit creates it: cap = addToCap, no window, hard_block', () => {
    const created = {
      meter: 'storage_gb',
      authority: 'data',
      aggregation: 'last',
      cap: '50',
      window: null,
      strategy: 'hard_block',
      warnAt: [],
    };
    expect(build({ addons: addon('1') }).modules['storage']).toEqual({ features: [], limits: [created] });
    expect(limitsOf({ addons: [...addon('1'), ...addon('2')] }, 'storage')?.[0]?.cap).toBe('150');
  });

  it('a disabled module is absent, with its grants and overrides', () => {
    const changes = {
      addons: addon('1'),
      disabledModules: ['storage'],
      overrides: [{ module: 'storage', meter: 'storage_gb', cap: '9' }],
    };
    expect(Object.keys(build(changes).modules)).toEqual(['financials', 'members']);
  });

  it('an override has the last word until its end', () => {
    const overrides = [
      {
        module: 'financials',
        meter: 'api_calls',
        cap: '20',
        strategy: 'soft_warning' as const,
        until: new Date(NOW.getTime() + 1),
      },
    ];
    expect(limitsOf({ overrides }, 'financials')?.[0]).toMatchObject({
      cap: '20',
      strategy: 'soft_warning',
      window: 'month',
    });
    const after = limitsOf({ overrides, now: new Date(NOW.getTime() + 1) }, 'financials')?.[0];
    expect(after).toMatchObject({ cap: '100000', strategy: 'hard_block' });
  });

  it('an override with a cap limits a meter that the plan leaves open, and licenses no module that is absent', () => {
    const overrides = [
      { module: 'members', meter: 'records', cap: '10' },
      { module: 'search', meter: 'records', cap: '10' },
    ];
    expect(limitsOf({ overrides }, 'members')).toMatchObject([{ meter: 'records', cap: '10', strategy: 'hard_block' }]);
    expect(build({ overrides }).modules['search']).toBeUndefined();
  });

  it('a meter that the caller did not give is a bug, not a guess', () => {
    expect(() => build({ meters: new Map() })).toThrow('api_calls');
  });

  it('carries the bootstrap and the enrollment only while they are given', () => {
    const hash = 'a'.repeat(64);
    const bootstrap = { adminUserId: goodClaims.jti, inviteTokenHash: hash, expiresAt: goodClaims.noticeAt };
    expect(
      build({ bootstrap, enrollment: { homeId: '01990000-0000-7000-8000-00000000000a', tokenHash: hash } }),
    ).toMatchObject({
      bootstrap,
      enrollment: { homeId: '01990000-0000-7000-8000-00000000000a', tokenHash: hash },
    });
    expect(Object.keys(build())).not.toContain('bootstrap');
  });
});
