import { describe, expect, it } from '@jest/globals';
import { DEPLOYMENT_STATES } from './deployment-state.js';
import { maySuspend, resumePath, type OpenSuspension } from './suspension.js';

const held = (cause: OpenSuspension['cause'], fromState: OpenSuspension['fromState'] = 'active'): OpenSuspension => ({
  cause,
  fromState,
});

describe('suspensions', () => {
  it('a deployment that has ended is not suspended', () => {
    expect(DEPLOYMENT_STATES.filter((state) => !maySuspend({ state, phase: 'ready' }))).toEqual([
      'cancelled',
      'archived',
    ]);
  });

  it('resume undoes only its own cause', () => {
    expect(resumePath([held('operator'), held('tenant')], 'tenant')).toEqual([]);
    expect(resumePath([held('operator')], 'tenant')).toEqual([]);
    expect(resumePath([held('tenant')], 'tenant')).toEqual(['active']);
    expect(resumePath([], 'tenant')).toEqual([]);
  });

  it.each([
    ['paused', ['active', 'paused']],
    ['past_due', ['active', 'past_due']],
    ['trial', ['active']],
  ] as const)('what was %s goes back there as far as the map allows', (from, path) => {
    expect(resumePath([held('tenant', from)], 'tenant')).toEqual(path);
  });

  it('the state before the first cause counts, not that of a later one', () => {
    expect(resumePath([held('tenant', 'paused')], 'tenant')).toEqual(['active', 'paused']);
  });
});
