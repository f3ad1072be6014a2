import { describe, expect, it } from '@jest/globals';
import { clip, subtract } from '@biplane/billing-calendar';
import { activeStretches, suspendedStretches, type StateChange } from './stretches.js';

const at = (day: number): Date => new Date(Date.UTC(2026, 0, day));
const changes: StateChange[] = [
  { to: 'trial', at: at(1) },
  { to: 'active', at: at(5) },
  { to: 'suspended', at: at(10) },
  { to: 'active', at: at(12) },
  { to: 'cancelled', at: at(20) },
];

describe('stretches of a deployment', () => {
  it('charges from first ready, never in the trial, to the end of the subscription', () => {
    expect(activeStretches({ changes, firstReadyAt: at(2), startedAt: at(1), endedAt: at(31) })).toEqual([
      { from: at(5), to: at(31) },
    ]);
    expect(activeStretches({ changes, firstReadyAt: at(8), startedAt: at(1), endedAt: null })).toEqual([
      { from: at(8), to: null },
    ]);
  });

  it('charges nothing before the subscription begins, however early it was ready', () => {
    const active = activeStretches({ changes, firstReadyAt: at(2), startedAt: at(9), endedAt: null });
    expect(active).toEqual([{ from: at(9), to: null }]);
  });

  it('charges nothing for what was cancelled out of its trial, suspended in between or not', () => {
    const cancelled = { to: 'cancelled', at: at(4) } as const;
    const suspended = { to: 'suspended', at: at(3) } as const;
    const month = { from: at(1), to: at(31) };
    for (const ended of [[cancelled], [suspended, cancelled]]) {
      const changed = [changes[0]!, ...ended];
      const active = activeStretches({ changes: changed, firstReadyAt: at(2), startedAt: at(1), endedAt: at(31) });
      expect(subtract(clip(active, month), clip(suspendedStretches(changed), month))).toEqual([]);
    }
  });

  it('charges nothing for a deployment that was never ready', () => {
    expect(activeStretches({ changes, firstReadyAt: null, startedAt: at(1), endedAt: null })).toEqual([]);
  });

  it('gives suspended time as closed stretches, open when it goes on', () => {
    expect(suspendedStretches(changes)).toEqual([{ from: at(10), to: at(12) }]);
    expect(suspendedStretches([...changes.slice(0, 3)])).toEqual([{ from: at(10), to: null }]);
  });
});
