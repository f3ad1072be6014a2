import { describe, expect, it } from '@jest/globals';
import { allowedTransitions, DEPLOYMENT_STATES } from './deployment-state.js';
import { dunningOutcome } from './transition-cause.js';

const one = (state: (typeof DEPLOYMENT_STATES)[number], billingActionSuspended = false) => ({
  state,
  phase: 'ready',
  billingActionSuspended,
});

describe('dunningOutcome', () => {
  it('dunning goes where the map leads, is told where it does not, and joins who is suspended', () => {
    for (const from of DEPLOYMENT_STATES) {
      for (const to of ['past_due', 'suspended', 'active'] as const) {
        const joins = from === 'suspended' && to === 'suspended';
        const expected = joins ? 'joined' : allowedTransitions(from).includes(to) ? 'done' : 'inapplicable';
        expect([from, to, dunningOutcome(one(from), to)]).toEqual([from, to, expected]);
      }
    }
  });

  it('an operator holds what dunning takes, never what it gives back', () => {
    for (const state of DEPLOYMENT_STATES) {
      expect([dunningOutcome(one(state, true), 'past_due'), dunningOutcome(one(state, true), 'suspended')]).toEqual([
        'held',
        'held',
      ]);
    }
    expect(dunningOutcome(one('past_due', true), 'active')).toBe('done');
    expect(dunningOutcome(one('suspended', true), 'active')).toBe('done');
  });
});
