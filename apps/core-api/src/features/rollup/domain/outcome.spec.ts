import { describe, expect, it } from '@jest/globals';
import { outcomeOf } from './outcome.js';

const some = { deployments: 1, adjustments: 0, decreases: 0, owesNothing: false };
const complete = { state: 'complete' } as const;
const opensAt = new Date('2026-05-01T00:00:00Z');

describe('whether a tenant is invoiced now', () => {
  it.each([
    ['complete: yes', some, complete, { kind: 'issue', provisional: false }],
    ['past its cut-off: provisionally', some, { state: 'provisional' } as const, { kind: 'issue', provisional: true }],
    [
      'the period runs: later',
      some,
      { state: 'open', because: 'PERIOD_RUNS', opensAt } as const,
      { kind: 'skip', reason: 'PERIOD_RUNS' },
    ],
    [
      'hours are missing: later, though it owes nothing yet',
      { ...some, owesNothing: true },
      { state: 'open', because: 'HOURS_MISSING', opensAt } as const,
      { kind: 'skip', reason: 'HOURS_MISSING' },
    ],
    [
      'never subscribed: no',
      { ...some, deployments: 0, owesNothing: true },
      complete,
      { kind: 'skip', reason: 'NO_SUBSCRIPTION' },
    ],
    ['nothing owed: no', { ...some, owesNothing: true }, complete, { kind: 'skip', reason: 'NOTHING_OWED' }],
    [
      'ended before, with late usage: yes',
      { ...some, deployments: 0, adjustments: 1 },
      complete,
      { kind: 'issue', provisional: false },
    ],
    ['earlier usage to be credited: yes', { ...some, decreases: 1 }, complete, { kind: 'issue', provisional: false }],
  ])('%s', (_why, computed, issuing, expected) => {
    expect(outcomeOf(computed, issuing)).toEqual(expected);
  });
});
