import { describe, expect, it } from '@jest/globals';
import { allowedTransitions, DEPLOYMENT_STATES, initialState, licenseStatusOf } from './deployment-state.js';

describe('deployment states', () => {
  it('never leads back from archived, and to archived only from cancelled', () => {
    expect(allowedTransitions('archived')).toEqual([]);
    const towardsArchived = DEPLOYMENT_STATES.filter((from) => allowedTransitions(from).includes('archived'));
    expect(towardsArchived).toEqual(['cancelled']);
  });

  it('refuses paused to archived', () => {
    expect(allowedTransitions('paused')).toEqual(['active', 'suspended', 'cancelled']);
  });

  it('never allows a transition to the state that is', () => {
    for (const state of DEPLOYMENT_STATES) expect(allowedTransitions(state)).not.toContain(state);
  });

  it('starts in trial only when the plan has trial days', () => {
    expect([initialState(0), initialState(14)]).toEqual(['active', 'trial']);
  });

  it('keeps the license of a cancelled deployment active until its period has ended', () => {
    expect([licenseStatusOf('cancelled', false), licenseStatusOf('cancelled', true)]).toEqual(['active', 'revoked']);
  });

  it('keeps a deployment that is past due licensed, and suspends a paused one', () => {
    expect([licenseStatusOf('past_due', false), licenseStatusOf('paused', false)]).toEqual(['active', 'suspended']);
  });
});
