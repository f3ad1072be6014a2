import { describe, expect, it } from '@jest/globals';
import {
  firstDifference,
  judgeStep,
  mayReport,
  mayRollBack,
  MOVE_STEPS,
  moveRefusals,
  REPORT_STEPS,
  stepDeadlineMs,
  type MoveStep,
  type ReportedStep,
  type ReportStep,
} from './move.js';

const ends = { fromHomeId: 'old', toHomeId: 'new', toEpoch: 2 };
const sum = (text: string) => text.repeat(64);
const tables = [
  { name: 'usage_event_key', rows: 3, checksum: sum('a') },
  { name: 'limit_counter', rows: 1, checksum: sum('b') },
];
const SAID: Readonly<Record<MoveStep, readonly ReportStep[]>> = {
  prepare: ['standby_ready'],
  drain: ['drained'],
  copy: ['drained', 'copied'],
  flip: ['fenced'],
  serve: ['ready'],
  clean: ['cleaned'],
};
const FROM: readonly ReportStep[] = ['drained', 'fenced', 'cleaned'];
const report = (step: ReportStep): ReportedStep => ({ step, homeId: FROM.includes(step) ? 'old' : 'new', tables });
const flipped = { isFlipped: true, oldDedicatedHomeIsGone: null };

describe('the steps of a move', () => {
  it.each(MOVE_STEPS)('%s is done by exactly what it waits for, in whatever order everything came', (step) => {
    const all = REPORT_STEPS.map(report);
    for (const said of [all, [...all].reverse(), [...all, ...all]]) {
      expect(judgeStep(step, said, flipped)).toEqual({ kind: 'done' });
    }
    for (const needed of SAID[step]) {
      const without = all.filter((one) => one.step !== needed);
      expect(judgeStep(step, without, flipped).kind).toBe('wait');
    }
    expect(judgeStep(step, [], flipped).kind).toBe('wait');
  });

  it('the old home is only shut out once the new one was named', () => {
    const facts = { ...flipped, isFlipped: false };
    expect(judgeStep('flip', REPORT_STEPS.map(report), facts).kind).toBe('wait');
  });

  it('a dedicated home that was left is waited for until the cluster says that it is gone', () => {
    const cleaned = [report('cleaned')];
    expect(judgeStep('clean', cleaned, { isFlipped: true, oldDedicatedHomeIsGone: false }).kind).toBe('wait');
    expect(judgeStep('clean', cleaned, { isFlipped: true, oldDedicatedHomeIsGone: true }).kind).toBe('done');
  });

  it.each<[string, ReportedStep['tables'], string]>([
    ['a table less', tables.slice(0, 1), 'limit_counter is missing'],
    ['a row less', [{ ...tables[0]!, rows: 2 }, tables[1]!], 'usage_event_key has 3 rows and 2'],
    ['other content', [tables[0]!, { ...tables[1]!, checksum: sum('c') }], 'limit_counter has another checksum'],
    ['a table more', [...tables, { ...tables[0]!, name: 'other' }], 'other was never asked for'],
  ])('%s on the other side: the copy is not served from', (_, copied, reason) => {
    const said = [report('drained'), { ...report('copied'), tables: copied }];
    expect(judgeStep('copy', said, flipped)).toEqual({ kind: 'broken', reason: `the copy differs: ${reason}` });
  });

  it('two sides that both say nothing do not agree', () => {
    expect(firstDifference([], [])).toBe('nothing was compared');
  });

  it('each home may say its own steps alone, and only of this move', () => {
    for (const step of REPORT_STEPS) {
      const homeId = FROM.includes(step) ? 'old' : 'new';
      expect(mayReport(ends, { homeId, epoch: 2, step })).toBe(true);
      expect(mayReport(ends, { homeId: homeId === 'old' ? 'new' : 'old', epoch: 2, step })).toBe(false);
      expect(mayReport(ends, { homeId: 'stranger', epoch: 2, step })).toBe(false);
      for (const epoch of [1, 3]) expect(mayReport(ends, { homeId, epoch, step })).toBe(false);
    }
    expect(mayReport(ends, { homeId: 'old', epoch: 2, step: 'anything' })).toBe(false);
  });

  it('what comes before the flip may be undone and has a deadline, what comes after has neither', () => {
    expect(MOVE_STEPS.filter(mayRollBack)).toEqual(['prepare', 'drain', 'copy']);
    expect(MOVE_STEPS.filter((step) => stepDeadlineMs(step) !== null)).toEqual(['prepare', 'drain', 'copy']);
  });
});

describe('what cannot be moved', () => {
  const wish = {
    ...({ to: 'container_per_tenant', type: 'shared', state: 'active', isReady: true } as const),
    ...{ planHasDedicatedCompute: false, isRevoked: false, hasPool: true },
  };

  it.each<[string, Partial<typeof wish> | object, string[]]>([
    ['nothing', {}, []],
    ['what is there', { type: 'container_per_tenant' }, ['it is container_per_tenant already']],
    ['what is suspended', { state: 'suspended' }, ['it is suspended']],
    ['what is cancelled', { state: 'cancelled' }, ['it is cancelled']],
    ['what was never ready', { isReady: false }, ['it was never ready']],
    ['what is revoked', { isRevoked: true }, ['its license is revoked']],
    ['what no pool can copy', { hasPool: false }, ['its region has no pool, which alone can copy it']],
    [
      'a plan of its own compute, to a pool',
      { to: 'shared', type: 'container_per_tenant', planHasDedicatedCompute: true },
      ['its plan includes dedicated compute'],
    ],
  ])('%s', (_, change, reasons) => {
    expect(moveRefusals({ ...wish, ...change })).toEqual(reasons);
  });

  it('every reason is told at once', () => {
    expect(moveRefusals({ ...wish, type: 'container_per_tenant', state: 'paused', isReady: false })).toHaveLength(3);
  });
});
