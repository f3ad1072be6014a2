import { describe, expect, it } from '@jest/globals';
import { policyAt, type FlagEvent, type OverrideEvent, type PolicyEvents } from './policy.js';

const at = new Date('2026-04-01T00:00:00.000Z');
const until = new Date('2026-05-01T00:00:00.000Z');
const override = (over: Partial<OverrideEvent> = {}): OverrideEvent => ({
  module: 'financials',
  meter: 'api_calls',
  cap: '20',
  strategy: null,
  removed: false,
  reason: 'pilot',
  until: null,
  actor: 'admin',
  at,
  ...over,
});
const flag = (over: Partial<FlagEvent> = {}): FlagEvent => ({
  flag: 'beta',
  enabled: true,
  removed: false,
  reason: 'pilot',
  until: null,
  actor: 'admin',
  at,
  ...over,
});
const events = (over: Partial<PolicyEvents>): PolicyEvents => ({ overrides: [], modules: [], flags: [], ...over });
const module = (enabled: boolean) => ({ module: 'financials', enabled, actor: 'admin', at });

describe('policyAt', () => {
  it('the newest decision about a limit, a module and a flag holds', () => {
    const policy = policyAt(
      events({
        overrides: [override(), override({ cap: '30' }), override({ meter: 'records', cap: '5' })],
        modules: [module(false), module(true), module(false)],
        flags: [flag(), flag({ enabled: false })],
      }),
      at,
    );
    expect(policy.overrides.map(({ cap }) => cap)).toEqual(['30', '5']);
    expect(policy.disabledModules).toEqual(['financials']);
    expect(policy.flags.map(({ enabled }) => enabled)).toEqual([false]);
  });

  it('what was taken back does not uncover what it had replaced', () => {
    const policy = policyAt(
      events({ overrides: [override(), override({ removed: true })], flags: [flag(), flag({ removed: true })] }),
      at,
    );
    expect([policy.overrides, policy.flags]).toEqual([[], []]);
  });

  it('an override ends at its instant and not a millisecond before, and the policy says when', () => {
    const ending = events({
      overrides: [override({ until })],
      flags: [flag({ until: new Date(until.getTime() + 1) })],
    });
    const before = policyAt(ending, new Date(until.getTime() - 1));
    expect([before.overrides.length, before.flags.length, before.changesAt]).toEqual([1, 1, until]);
    const after = policyAt(ending, until);
    expect([after.overrides.length, after.flags.length, after.changesAt]).toEqual([
      0,
      1,
      new Date(until.getTime() + 1),
    ]);
  });

  it('a module that was switched on again is not disabled', () => {
    expect(policyAt(events({ modules: [module(false), module(true)] }), at).disabledModules).toEqual([]);
  });
});
