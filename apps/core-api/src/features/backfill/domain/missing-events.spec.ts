import { describe, expect, it } from '@jest/globals';
import { missingEvents, type Evidence, type KnownHistory } from './missing-events.js';

const day = (n: number) => new Date(Date.UTC(2026, 3, n));
const now = day(20);
const created = { to: 'active', at: day(1) } as const;
const known: KnownHistory = {
  state: 'active',
  createdAt: day(1),
  firstReadyAt: day(2),
  events: [created],
  switches: [{ module: 'financials' }],
  planModules: ['financials', 'search'],
};
const works: Evidence = {
  modules: ['financials', 'search'],
  suspendedAt: null,
  worksSince: day(12),
  withoutSince: new Map(),
};
const nothing = { lifecycle: [], suspensions: [], switches: [] };

describe('events that a history lacks', () => {
  it('are none when it is whole', () => {
    const whole = { ...known, switches: [{ module: 'financials' }, { module: 'search' }] };
    expect(missingEvents(whole, works, now)).toEqual(nothing);
    expect(missingEvents(known, null, now)).toEqual(nothing);
  });

  const rows: [why: string, known: Partial<KnownHistory>, evidence: Partial<Evidence> | null, missing: object][] = [
    ['its creation', { events: [] }, null, { lifecycle: [{ from: null, to: 'active', at: day(1) }] }],
    [
      'its creation before its suspension, which is dated by what its home said',
      { events: [], state: 'suspended' },
      { suspendedAt: day(9) },
      {
        lifecycle: [{ from: null, to: 'active', at: day(1) }],
        suspensions: [{ from: 'active', to: 'suspended', at: day(9) }],
      },
    ],
    ['no suspension whose day nobody knows', { state: 'suspended' }, null, {}],
    [
      'a resumption',
      { events: [created, { to: 'suspended', at: day(5) }] },
      {},
      { suspensions: [{ from: 'suspended', to: 'active', at: day(12) }] },
    ],
    [
      'no resumption of what its home still holds',
      { events: [created, { to: 'suspended', at: day(5) }] },
      { suspendedAt: day(5) },
      {},
    ],
    [
      'nothing that would begin before what is known',
      { events: [created, { to: 'active', at: day(15) }], state: 'paused' },
      { suspendedAt: day(9) },
      { suspensions: [{ from: 'active', to: 'paused', at: day(15) }] },
    ],
    [
      'another step of the lifecycle',
      { state: 'past_due' },
      null,
      { lifecycle: [{ from: 'active', to: 'past_due', at: now }] },
    ],
  ];
  it.each(rows)('%s', (_, changed, evidence, missing) => {
    const of = evidence && { ...works, ...evidence, modules: ['financials'] };
    const found = missingEvents({ ...known, planModules: ['financials'], ...changed }, of, now);
    expect(found).toEqual({ ...nothing, ...missing });
  });

  it('of modules say what was never said: enabled from the start, or absent since its home has no such license', () => {
    expect(missingEvents(known, works, now).switches).toEqual([{ module: 'search', enabled: true, at: day(2) }]);
    const without = { ...works, modules: ['financials'], withoutSince: new Map([['search', day(7)]]) };
    expect(missingEvents(known, without, now).switches).toEqual([{ module: 'search', enabled: false, at: day(7) }]);
    const unknown = { ...works, modules: ['financials'] };
    expect(missingEvents(known, unknown, now).switches).toEqual([]);
  });
});
