import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildClaims, STRATEGY_NAMES, type LicenseInput } from '@biplane/licensing';
import { resolve, type ResolutionInput } from './resolve.js';

const now = new Date('2026-04-10T12:00:00.000Z');
const meters = new Map(
  ['connectors', 'api_calls', 'storage_gb'].map((meter) => [
    meter,
    { authority: meter === 'connectors' ? ('control' as const) : ('data' as const), aggregation: 'sum' as const },
  ]),
);
const base: ResolutionInput = {
  now,
  plan: { code: 'studio', version: 2 },
  modules: [
    {
      module: 'financials',
      features: ['automated_billing'],
      limits: [
        { meter: 'api_calls', cap: '100000.000', window: 'month', strategy: 'hard_block', warnAt: ['0.8'] },
        { meter: 'api_calls', cap: '5000', window: 'day', strategy: 'soft_warning', warnAt: [] },
      ],
    },
    { module: 'search', features: ['query'], limits: [] },
  ],
  featureFlags: { beta_reports: true },
  addons: [],
  disabledModules: [],
  overrides: [],
  flags: [],
  meters,
};
const until = new Date('2026-12-31T00:00:00.000Z');

const module = fc.constantFrom('financials', 'search', 'storage');
const meter = fc.constantFrom(...meters.keys());
const cap = fc.constantFrom('0', '1', '10.500', '100');
const strategy = fc.constantFrom(...STRATEGY_NAMES);
const inputs: fc.Arbitrary<ResolutionInput> = fc.record({
  ...Object.fromEntries(Object.entries(base).map(([name, value]) => [name, fc.constant(value)])),
  modules: fc.uniqueArray(
    fc.record({
      module,
      features: fc.constant(['a', 'b']),
      limits: fc.uniqueArray(
        fc.record({ meter, cap, window: fc.constantFrom('day', 'month', null), strategy, warnAt: fc.constant(['1']) }),
        { maxLength: 4, selector: (limit) => `${limit.meter}${limit.window}` },
      ),
    }),
    { selector: (each) => each.module },
  ),
  addons: fc.array(
    fc.record({
      code: fc.constant('more'),
      units: fc.constantFrom('1', '2.000', '0.5'),
      grants: fc.array(fc.record({ module, meter, addToCap: cap }), { maxLength: 3 }),
    }),
    { maxLength: 3 },
  ),
  disabledModules: fc.uniqueArray(module, { maxLength: 1 }),
  overrides: fc.uniqueArray(
    fc.record({
      module,
      meter,
      cap: fc.option(cap),
      strategy: fc.option(strategy),
      until: fc.constantFrom(null, until, now),
      reason: fc.constant('pilot'),
    }),
    { maxLength: 4, selector: (each) => `${each.module}${each.meter}` },
  ),
}) as unknown as fc.Arbitrary<ResolutionInput>;

function licenseOf(input: ResolutionInput) {
  const rest = { jti: 'x', version: 1, tenantId: 't', status: 'active', startsAt: now, periodEndsAt: until } as const;
  return buildClaims({
    ...rest,
    now,
    deployment: { id: 'd', type: 'shared', region: 'eu-1' },
    renews: true,
    timeZone: 'UTC',
    placement: { homeId: 'h', epoch: 1, phase: 'serving', url: 'http://h' },
    plan: input.plan,
    featureFlags: input.featureFlags,
    modules: input.modules as LicenseInput['modules'],
    pricedMeters: [],
    addons: input.addons,
    disabledModules: input.disabledModules,
    overrides: input.overrides.map(({ cap, strategy, until, ...override }) => ({
      ...override,
      ...(cap !== null && { cap }),
      ...(strategy !== null && { strategy }),
      ...(until !== null && { until }),
    })),
    meters: input.meters,
  });
}

describe('resolving what a subscription entitles to', () => {
  it('says what the license of the same inputs says, limit by limit', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { modules } = resolve(input);
        const shown = modules.map(({ module, features, limits }) => [
          module,
          {
            features: features.map(({ feature }) => feature),
            limits: limits.map(({ why: _, quotaKey: __, rate, ...limit }) => ({ ...limit, ...(rate && { rate }) })),
          },
        ]);
        expect(Object.fromEntries(shown)).toEqual(licenseOf(input).modules);
      }),
    );
  });

  it('names each step, in the order in which they count: plan, add-on, override', () => {
    const addon = {
      code: 'more_calls',
      units: '2',
      grants: [{ module: 'financials', meter: 'api_calls', addToCap: '50' }],
    };
    const override = { module: 'financials', meter: 'api_calls', cap: '20', strategy: null, until, reason: 'pilot' };
    const { modules } = resolve({ ...base, addons: [addon], overrides: [override] });
    const [monthly, daily] = modules[0]!.limits;
    expect(daily!.cap).toBe('20');
    expect(monthly).toMatchObject({ quotaKey: 'financials.api_calls.month', cap: '20', strategy: 'hard_block' });
    expect(monthly!.why).toEqual([
      { source: 'plan', item: 'studio/2', effect: 'grants 100000, hard_block', until: null },
      { source: 'addon', item: 'more_calls', effect: 'adds 100 (2 x 50): 100100', until: null },
      { source: 'override', item: 'pilot', effect: 'sets 20', until },
    ]);
  });

  it('a grant without a limit makes a hard level, and an override that is over sets nothing', () => {
    const addon = {
      code: 'storage_50gb',
      units: '1',
      grants: [{ module: 'storage', meter: 'storage_gb', addToCap: '50' }],
    };
    const past = { module: 'storage', meter: 'storage_gb', cap: '1', strategy: null, until: now, reason: 'over' };
    const { modules } = resolve({ ...base, addons: [addon], overrides: [past] });
    expect(modules.find(({ module }) => module === 'storage')).toMatchObject({
      features: [],
      why: [{ source: 'addon', item: 'storage_50gb' }],
      limits: [{ quotaKey: 'storage.storage_gb', window: null, cap: '50', strategy: 'hard_block' }],
    });
  });

  it('a module that is switched off grants nothing, and says so', () => {
    const resolution = resolve({ ...base, disabledModules: ['search', 'unknown'] });
    expect(resolution.modules.map(({ module }) => module)).toEqual(['financials']);
    expect(resolution.disabledModules).toEqual(['search']);
  });

  it('a flag of the deployment has the last word over the plan’s, until it ends', () => {
    const flag = { flag: 'beta_reports', enabled: false, until, reason: 'asked for' };
    expect(resolve({ ...base, flags: [flag] }).featureFlags).toEqual([
      {
        flag: 'beta_reports',
        enabled: false,
        why: [
          { source: 'plan', item: 'studio/2', effect: 'is on', until: null },
          { source: 'flag', item: 'asked for', effect: 'switches it off', until },
        ],
      },
    ]);
    expect(resolve({ ...base, flags: [{ ...flag, until: now }] }).featureFlags[0]!.enabled).toBe(true);
  });
});
