import { describe, expect, it } from '@jest/globals';
import { newPlacement, TestIssuer } from '@biplane/testing';
import { entitlementsOf } from './entitlements.js';

const NOW = new Date('2026-03-10T12:00:00.000Z');
const issuer = new TestIssuer('eu-1', NOW);
const records = {
  meter: 'records', authority: 'data', aggregation: 'last', cap: '1000', window: null, strategy: 'hard_block', warnAt: ['0.8'],
} as const; // prettier-ignore
const license = (changes: Parameters<TestIssuer['claims']>[1] = {}) =>
  issuer.claims(newPlacement(), {
    modules: {
      members: { features: ['records'], limits: [records] },
      financials: { features: ['statement_runs', 'ledger'], limits: [] },
    },
    meters: { records: { authority: 'data', aggregation: 'last' } },
    featureFlags: { dark_mode: false, beta_reports: true },
    ...changes,
  });

describe('entitlements', () => {
  it('name modules, features, limits and flags by the alphabet, each feature with what the gate would say', () => {
    const allowed = { isAllowed: true, code: null, reason: 'The action is licensed' };
    expect(entitlementsOf(license(), NOW)).toEqual({
      state: 'active',
      modules: [
        {
          module: 'financials',
          features: [
            { key: 'financials:ledger', feature: 'ledger', ...allowed },
            { key: 'financials:statement_runs', feature: 'statement_runs', ...allowed },
          ],
          limits: [],
        },
        {
          module: 'members',
          features: [{ key: 'members:records', feature: 'records', ...allowed }],
          limits: [{ meter: 'records', window: null, cap: '1000', strategy: 'hard_block' }],
        },
      ],
      featureFlags: [
        { flag: 'beta_reports', enabled: true },
        { flag: 'dark_mode', enabled: false },
      ],
    });
  });

  it.each([
    ['suspended', { status: 'suspended' }, 'LICENSE.SUSPENDED'],
    ['revoked', { status: 'revoked' }, 'LICENSE.REVOKED'],
    ['expired', { exp: NOW.getTime() / 1000 }, 'LICENSE.EXPIRED'],
    ['not_started', { startsAt: '2026-03-11T00:00:00.000Z' }, 'LICENSE.NOT_STARTED'],
  ] as const)('let nothing through while the license is %s, and say why', (state, changes, code) => {
    const shown = entitlementsOf(license(changes), NOW);
    expect(shown.state).toBe(state);
    for (const { features } of shown.modules) {
      for (const feature of features) expect(feature).toMatchObject({ isAllowed: false, code });
    }
  });
});
