import { describe, expect, it } from '@jest/globals';
import {
  allowedTransitions,
  DEPLOYMENT_STATES,
  initialState,
  licenseStatusOf,
  transitionsOf,
  type DeploymentState,
} from './deployment-state.js';

/** The map as the design draws it, pair by pair: rows are from, columns in the order of the states. */
const MAP: Readonly<Record<DeploymentState, string>> = {
  //         tr ac pd pa su ca ar
  trial:     '· x · · x x ·',
  active:    '· · x x x x ·',
  past_due:  '· x · · x x ·',
  paused:    '· x · · x x ·',
  suspended: '· x · · · x ·',
  cancelled: '· · · · · · x',
  archived:  '· · · · · · ·',
}; // prettier-ignore

const pairs = DEPLOYMENT_STATES.flatMap((from) =>
  MAP[from]
    .split(' ')
    .map((mark, index): [DeploymentState, DeploymentState, boolean] => [from, DEPLOYMENT_STATES[index]!, mark === 'x']),
);

describe('deployment states', () => {
  it.each(pairs)('%s → %s: %s', (from, to, isAllowed) => {
    expect(allowedTransitions(from).includes(to)).toBe(isAllowed);
  });

  it('never leads back from archived, and to archived only from cancelled', () => {
    expect(allowedTransitions('archived')).toEqual([]);
    const towardsArchived = DEPLOYMENT_STATES.filter((from) => allowedTransitions(from).includes('archived'));
    expect(towardsArchived).toEqual(['cancelled']);
  });

  it('refuses paused to archived', () => {
    expect(allowedTransitions('paused')).toEqual(['active', 'suspended', 'cancelled']);
  });

  it('one that waits for its plan can only be given up', () => {
    const ways = DEPLOYMENT_STATES.map((state) => transitionsOf({ state, phase: 'recorded' }));
    expect(new Set(ways.flat())).toEqual(new Set(['cancelled', 'archived']));
    expect(transitionsOf({ state: 'trial', phase: 'license_issued' })).toEqual(allowedTransitions('trial'));
  });

  it('starts in trial only when the plan has trial days', () => {
    expect([initialState(0), initialState(14)]).toEqual(['active', 'trial']);
  });

  it('keeps the license of a cancelled deployment active until its period has ended', () => {
    expect([licenseStatusOf('cancelled', false), licenseStatusOf('cancelled', true)]).toEqual(['active', 'revoked']);
  });

  it.each([
    ['trial', 'active'],
    ['active', 'active'],
    ['past_due', 'active'],
    ['paused', 'suspended'],
    ['suspended', 'suspended'],
    ['cancelled', 'active'],
    ['archived', 'revoked'],
  ] as const)('the license of one that is %s is %s', (state, status) => {
    expect(licenseStatusOf(state, false)).toBe(status);
  });
});
