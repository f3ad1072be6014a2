import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clip, intersect, subtract, totalMs, unite } from '@biplane/billing-calendar';
import { allowedTransitions, DEPLOYMENT_STATES, initialState, type DeploymentState } from './deployment-state.js';
import { activeStretches, stretchesIn, suspendedStretches, type StateChange } from './stretches.js';

const created = Date.UTC(2026, 0, 1);
const year = { from: new Date(created), to: new Date(Date.UTC(2027, 0, 1)) };

/** Commands as they come: each names a state and how long after the one before; those that the map forbids change nothing. */
const commands = fc.array(
  fc.tuple(fc.constantFrom(...DEPLOYMENT_STATES), fc.integer({ min: 0, max: 40 * 86_400_000 })),
  { maxLength: 30 },
);

function history(trialDays: number, asked: readonly (readonly [DeploymentState, number])[]): StateChange[] {
  const changes: StateChange[] = [{ to: initialState(trialDays), at: new Date(created) }];
  for (const [to, afterMs] of asked) {
    const last = changes.at(-1)!;
    if (allowedTransitions(last.to).includes(to)) changes.push({ to, at: new Date(last.at.getTime() + afterMs) });
  }
  return changes;
}

describe('a history of commands', () => {
  it('never leaves the map and never loses an interval: the stretches of all states tile the time from creation on', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 14), commands, (trialDays, asked) => {
        const changes = history(trialDays, asked);
        const each = DEPLOYMENT_STATES.map((state) => clip(stretchesIn([state], changes), year));
        expect(unite(each.flat())).toEqual([year]);
        expect(each.reduce((sum, stretches) => sum + totalMs(stretches), 0)).toBe(totalMs([year]));
      }),
      { numRuns: 300 },
    );
  });

  it('trial, paused and suspended time is never charged, and all active and past due time from first ready on is', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 14), commands, fc.integer({ min: 0, max: 90 }), (trialDays, asked, readyDay) => {
        const changes = history(trialDays, asked);
        const firstReadyAt = new Date(created + readyDay * 86_400_000);
        const active = activeStretches({ changes, firstReadyAt, startedAt: new Date(created), endedAt: null });
        const charged = subtract(clip(active, year), clip(suspendedStretches(changes), year));
        const free = clip(stretchesIn(['trial', 'paused', 'suspended', 'archived'], changes), year);
        expect(intersect(charged, free)).toEqual([]);
        const due = clip(stretchesIn(['active', 'past_due'], changes), year);
        const ready = clip([{ from: firstReadyAt, to: null }], year);
        expect(subtract(intersect(due, ready), charged)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
