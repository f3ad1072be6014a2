import { describe, expect, it } from '@jest/globals';
import { standingOf, type StandingInput } from './standing.js';

const now = new Date('2026-04-10T12:00:00.000Z');
const before = new Date('2026-04-01T00:00:00.000Z');
const graceEndsAt = '2026-04-20T00:00:00.000Z';
const well: StandingInput = {
  now,
  deploymentState: 'active',
  startsAt: before,
  endedAt: null,
  license: { state: 'active', graceEndsAt },
};
const licensed = (state: NonNullable<StandingInput['license']>['state']) => ({ license: { state, graceEndsAt } });

describe('whether anything is granted', () => {
  it.each([
    ['all that is in force', {}, true, null],
    ['a term that ends soon', licensed('notice'), true, null],
    ['a term that is over, in its grace', licensed('grace'), true, 'LICENSE_IN_GRACE'],
    ['a paused deployment', { deploymentState: 'paused', ...licensed('suspended') }, false, 'DEPLOYMENT_PAUSED'],
    ['a suspended deployment', { deploymentState: 'suspended' }, false, 'DEPLOYMENT_SUSPENDED'],
    ['a license that an operator revoked', licensed('revoked'), false, 'LICENSE_REVOKED'],
    ['what is revoked and paused', { deploymentState: 'paused', ...licensed('revoked') }, false, 'LICENSE_REVOKED'],
    [
      'a cancelled one whose period is over',
      { deploymentState: 'cancelled', endedAt: now, ...licensed('revoked') },
      false,
      'SUBSCRIPTION_ENDED',
    ],
    ['a cancelled one that still runs', { deploymentState: 'cancelled', endedAt: new Date(graceEndsAt) }, true, null],
    ['an archived one', { deploymentState: 'archived', ...licensed('revoked') }, false, 'DEPLOYMENT_ARCHIVED'],
    ['one that starts later', licensed('not_started'), false, 'SUBSCRIPTION_NOT_STARTED'],
    ['one whose grace is over', licensed('expired'), false, 'LICENSE_EXPIRED'],
    ['a license that cannot be verified', { license: null }, false, 'LICENSE_UNVERIFIED'],
  ] as const)('of %s', (_, over, isGranted, code) => {
    expect(standingOf({ ...well, ...over })).toMatchObject({ isGranted, code, reason: expect.stringMatching(/\w/) });
  });
});
