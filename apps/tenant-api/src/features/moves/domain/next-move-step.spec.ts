import { describe, expect, it } from '@jest/globals';
import type { LicensePlacement } from '@biplane/licensing';
import { nextMoveStep, type MoveRecord, type MoveStepName, type MovingHome } from './next-move-step.js';

const POOL: MovingHome = { homeId: 'pool', kind: 'shared' };
const OWN: MovingHome = { homeId: 'own', kind: 'dedicated' };
const url = 'https://somewhere.example';
const at = (homeId: string, epoch: number, more: Partial<LicensePlacement> = {}): LicensePlacement => ({
  ...{ homeId, epoch, phase: 'serving', url },
  ...more,
});
const next = (homeId: string, epoch: number) => ({ next: { homeId, epoch, url } });
const record = (heldFor: number | null, ...done: [MoveStepName, number][]): MoveRecord => ({
  heldFor,
  done: done.map(([step, toEpoch]) => ({ step, toEpoch })),
});

const OUT = {
  prepare: at('pool', 1, next('own', 2)),
  drain: at('pool', 1, { phase: 'draining', ...next('own', 2) }),
  flip: at('own', 2, { previous: { homeId: 'pool', epoch: 1 } }),
};
const BACK = {
  prepare: at('own', 2, { previous: { homeId: 'pool', epoch: 1 }, ...next('pool', 3) }),
  drain: at('own', 2, { phase: 'draining', previous: { homeId: 'pool', epoch: 1 }, ...next('pool', 3) }),
  flip: at('pool', 3, { previous: { homeId: 'own', epoch: 2 } }),
};
const BEEN_OUT: [MoveStepName, number][] = [
  ['drained', 2],
  ['copied', 2],
  ['fenced', 2],
  ['cleaned', 2],
];

describe('the next step of a home', () => {
  it.each<[string, LicensePlacement, MovingHome, MoveRecord, string]>([
    ['never moved: nothing', at('pool', 1), POOL, record(null), 'settled'],
    ['out, the pool waits for the other to stand by', OUT.prepare, POOL, record(null), 'settled'],
    ['out, the new home stands by', OUT.prepare, OWN, record(null), 'standby_ready 2'],
    ['out, it said so', OUT.prepare, OWN, record(null, ['standby_ready', 2]), 'settled'],
    ['out, the pool drains', OUT.drain, POOL, record(null), 'drained 2'],
    ['out, a pool that held and did not say so', OUT.drain, POOL, record(2), 'drained 2'],
    ['out, the pool copies', OUT.drain, POOL, record(2, ['drained', 2]), 'copied 2'],
    ['out, it copied', OUT.drain, POOL, record(2, ['drained', 2], ['copied', 2]), 'settled'],
    ['out, the new home copies nothing itself', OUT.drain, OWN, record(null, ['standby_ready', 2]), 'settled'],
    ['out, the new home was slow to stand by', OUT.drain, OWN, record(null), 'standby_ready 2'],
    ['out, the pool shuts itself out', OUT.flip, POOL, record(2, ['drained', 2], ['copied', 2]), 'fenced 2'],
    ['out, the pool lets go', OUT.flip, POOL, record(2, ...BEEN_OUT.slice(0, 3)), 'cleaned 2'],
    ['out, the pool is done', OUT.flip, POOL, record(2, ...BEEN_OUT), 'settled'],
    ['out, the new home serves', OUT.flip, OWN, record(null, ['standby_ready', 2]), 'ready 2'],
    ['out, it said so', OUT.flip, OWN, record(null, ['standby_ready', 2], ['ready', 2]), 'settled'],
    ['back, the pool stands by at once', BACK.prepare, POOL, record(2, ...BEEN_OUT), 'standby_ready 3'],
    ['back, the old home goes on', BACK.prepare, OWN, record(null, ['standby_ready', 2], ['ready', 2]), 'settled'],
    ['back, the old home drains', BACK.drain, OWN, record(null, ['standby_ready', 2], ['ready', 2]), 'drained 3'],
    ['back, it drained', BACK.drain, OWN, record(3, ['ready', 2], ['drained', 3]), 'settled'],
    ['back, the pool copies', BACK.drain, POOL, record(2, ...BEEN_OUT, ['standby_ready', 3]), 'copied 3'],
    ['back, the hold of before is lifted first', BACK.flip, POOL, record(2, ...BEEN_OUT, ['copied', 3]), 'undo'],
    ['back, then it shuts the other out', BACK.flip, POOL, record(null, ...BEEN_OUT, ['copied', 3]), 'fenced 3'],
    ['back, then it serves', BACK.flip, POOL, record(null, ...BEEN_OUT, ['fenced', 3]), 'ready 3'],
    ['back, it said so', BACK.flip, POOL, record(null, ...BEEN_OUT, ['fenced', 3], ['ready', 3]), 'settled'],
    ['back, the old home lets go', BACK.flip, OWN, record(3, ['ready', 2], ['drained', 3]), 'cleaned 3'],
    ['back, it is done', BACK.flip, OWN, record(3, ['drained', 3], ['cleaned', 3]), 'settled'],
  ])('%s', (_, placement, home, done, expected) => {
    const found = nextMoveStep(placement, home, done);
    expect(found.kind === 'step' ? `${found.step} ${found.toEpoch}` : found.kind).toBe(expected);
  });

  it.each<[string, LicensePlacement, MovingHome, MoveRecord]>([
    ['the pool held', at('pool', 1), POOL, record(2)],
    ['the pool drained and copied', at('pool', 1), POOL, record(2, ['drained', 2], ['copied', 2])],
    ['the new home stood by', at('pool', 1), OWN, record(null, ['standby_ready', 2])],
    ['a later move has begun since', at('pool', 1, next('other', 3)), POOL, record(2, ['drained', 2])],
    ['back: the old home held', at('own', 2), OWN, record(3, ['ready', 2], ['drained', 3])],
    ['back: the pool copied', at('own', 2), POOL, record(2, ...BEEN_OUT, ['standby_ready', 3], ['copied', 3])],
  ])('a move that was undone is undone here too, whatever was done of it: %s', (_, placement, home, done) => {
    expect(nextMoveStep(placement, home, done)).toEqual({ kind: 'undo' });
  });

  it('no step before the flip shuts anybody out, and none after it holds or copies', () => {
    const steps = (placements: readonly LicensePlacement[]): Set<string> => {
      const found = new Set<string>();
      for (const placement of placements) {
        for (const home of [POOL, OWN]) {
          for (const epoch of [2, 3]) {
            for (const known of [[], [['drained', epoch]], [['fenced', epoch]]] as [MoveStepName, number][][]) {
              for (const held of [null, epoch]) {
                const verdict = nextMoveStep(placement, home, record(held, ...known));
                if (verdict.kind === 'step') found.add(verdict.step);
              }
            }
          }
        }
      }
      return found;
    };
    const before = steps([OUT.prepare, OUT.drain, BACK.prepare, BACK.drain]);
    const after = steps([OUT.flip, BACK.flip]);
    for (const step of ['fenced', 'ready', 'cleaned']) expect(before).not.toContain(step);
    for (const step of ['standby_ready', 'drained', 'copied']) expect(after).not.toContain(step);
  });
});
