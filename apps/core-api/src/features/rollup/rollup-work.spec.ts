import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { TenantId } from '@biplane/kernel';
import { NOTHING } from './domain/tally.js';
import { cut, type Examined } from './rollup-plan.js';
import { UNEXPECTED, type Decided } from './rollup-pricing.js';
import type { Run } from './rollup.store.js';
import { RollupWork } from './rollup-work.js';

Logger.overrideLogger(false);

const at = new Date('2026-05-01T03:00:00Z');
const tenant = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}` as TenantId;
const run = {
  ...{ id: 'r', month: '2026-04', trigger: 'schedule', force: false, actor: 'job:rollup', at, expected: 60 },
  ...{ state: 'running', endedAt: null, cursor: null, tally: NOTHING, reason: null },
} as const satisfies Run;

/** The work over decisions that are made already, and what it would have stored. */
function worked(decided: readonly Decided[], now = at) {
  const stored = { ended: [] as unknown[], parked: 0, chunks: 0 };
  const unitOfWork = { run: (work: (tx: object) => Promise<unknown>) => work({}) };
  const store = {
    resolveParked: async () => undefined,
    park: async (_tx: object, _run: Run, parked: readonly unknown[]) => void (stored.parked += parked.length),
    advance: async () => (stored.chunks += 1) > 0,
    end: async (_tx: object, id: string, state: string) => stored.ended.push([id, state]) > 0,
  };
  const plan = {
    async *chunks() {
      yield* [decided.map(({ tenantId }) => ({ tenantId, live: null }))];
    },
  };
  const pricing = { decide: async () => decided };
  const issuing = { issue: async (_tx: object, _asked: object, each: readonly Decided[]) => each };
  const months = { relax: async () => undefined };
  const parts = [unitOfWork, store, months, plan, pricing, issuing, { settled: () => undefined }, { now: () => now }];
  const work = new RollupWork(...(parts as unknown as ConstructorParameters<typeof RollupWork>));
  return { stored, done: work.carryOn(run, { id: run.actor, requestId: null }, () => false) };
}

const parked = (code: string, count: number): Decided[] =>
  Array.from({ length: count }, (_, n) => ({ kind: 'park', tenantId: tenant(n), code, detail: 'x' }));

describe('a run that goes wrong as a whole', () => {
  it.each([
    [UNEXPECTED, 49, ['r', 'succeeded'], 49, 'so many may be theirs alone'],
    [UNEXPECTED, 50, ['r', 'failed'], 0, 'it stops before it parks everybody'],
    ['BILLING.AMOUNT_TOO_LARGE', 60, ['r', 'succeeded'], 60, 'a refusal is always of one tenant'],
  ])('%s for %i tenants in a row: %j, %i parked: %s', async (code, count, ended, parkedCount) => {
    const { stored, done } = worked(parked(code, count));
    await done;
    expect([stored.ended, stored.parked]).toEqual([[ended], parkedCount]);
  });

  it.each([
    ['2026-05-01T04:00:00.000Z', 'succeeded'],
    ['2026-05-01T04:00:00.001Z', 'interrupted'],
  ])('a run of 03:00 that is carried on at %s has %s', async (now, state) => {
    const { stored, done } = worked(parked('X', 1), new Date(now));
    await done;
    expect(stored.ended).toEqual([['r', state]]);
  });
});

describe('the chunks of a run', () => {
  const live = (status: 'issued' | 'paid') => ({ tenantId: tenant(0), id: 'i', number: 'n', status });
  const tenants: Examined[] = Array.from({ length: 10 }, (_, n) => ({
    tenantId: tenant(n),
    live: n % 5 === 1 ? live('issued') : n % 5 === 2 ? live('paid') : null,
  }));

  it.each([
    [false, 2, [4, 2, 4], 'invoiced tenants cost nothing'],
    [true, 2, [2, 3, 2, 3], 'by force the issued ones are computed too'],
    [false, 500, [10], 'few go together'],
  ])('by force: %s, at most %i to compute: %j (%s)', (force, max, sizes) => {
    const chunks = cut(tenants, force, max);
    expect(chunks.flat()).toEqual(tenants);
    for (const chunk of chunks) {
      const toCompute = chunk.filter(({ live: own }) => own === null || (force && own.status === 'issued'));
      expect(toCompute.length).toBeLessThanOrEqual(max);
    }
    expect(chunks.map((chunk) => chunk.length)).toEqual(sizes);
  });
});
