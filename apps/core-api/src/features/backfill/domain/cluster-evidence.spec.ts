import { describe, expect, it } from '@jest/globals';
import { clusterEvidence } from './cluster-evidence.js';

const day = (n: number) => new Date(Date.UTC(2026, 3, n));
const seen = { modules: ['a', 'b'], suspendedAt: null, flaw: null, since: day(12) };
const wanted = { modules: ['a', 'b'], suspendedAt: null };
const known = { last: { to: 'active', at: day(1) }, planModules: ['a', 'b', 'c'] } as const;

describe('what the cluster proves of a home', () => {
  it('is nothing while nobody has looked, or when others wrote what it says', () => {
    expect(clusterEvidence(null, wanted, known)).toBeNull();
    expect(clusterEvidence({ ...seen, flaw: 'biplane.dev/modules is absent' }, wanted, known)).toBeNull();
  });

  it('is of modules what it has or has not as it shall: of one on its way the next run tells', () => {
    expect(clusterEvidence(seen, wanted, known)).toMatchObject({ modules: ['a', 'b'], without: ['c'] });
    const others = { ...wanted, modules: ['b', 'c'] };
    expect(clusterEvidence(seen, others, known)).toMatchObject({ modules: ['b'], without: [] });
  });

  it.each([
    ['the day that it has, not the one that it shall have', day(9), day(11), day(9)],
    ['the day that it has, while it shall run again', day(9), null, day(9)],
    ['no day, while it has not heard of it', null, day(11), null],
    ['no day of a suspension that is known to have ended', day(3), day(11), null],
    ['the day of a suspension that it shall have, though it seems to have ended', day(3), day(3), day(3)],
  ])('dates a suspension by %s', (_, suspendedAt, shall, told) => {
    const last = { to: 'active', at: day(5) } as const;
    const evidence = clusterEvidence({ ...seen, suspendedAt }, { ...wanted, suspendedAt: shall }, { ...known, last });
    expect(evidence?.suspendedAt).toEqual(told);
  });

  it('dates a resumption by when it was seen to work again, if it was seen after the suspension', () => {
    const since = (at: Date) =>
      clusterEvidence(seen, wanted, { ...known, last: { to: 'suspended', at } })?.worksSince ?? null;
    expect([since(day(5)), since(day(12)), since(day(15))]).toEqual([day(12), null, null]);
    const held = { ...seen, suspendedAt: day(5) };
    expect(clusterEvidence(held, wanted, { ...known, last: { to: 'suspended', at: day(5) } })).toMatchObject({
      suspendedAt: day(5),
      worksSince: null,
    });
  });
});
