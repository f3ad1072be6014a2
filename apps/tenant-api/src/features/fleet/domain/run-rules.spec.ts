import { describe, expect, it } from '@jest/globals';
import { commanded, nextTurn, RUN_STATES, type Progress } from './run-rules.js';

const progress = (changes: Partial<Progress> = {}): Progress => ({
  ...{ state: 'running', wave: 1, waves: 3, total: 1_000, failed: 0, canariesFailed: 0, acknowledged: 0 },
  ...{ failuresPercentMax: 1, running: 0, untried: 0, waiting: 0 },
  ...changes,
});

describe('nextTurn', () => {
  it.each<[string, Partial<Progress>, unknown]>([
    ['one canary failed', { wave: 0, failed: 1, canariesFailed: 1 }, { kind: 'stop', reason: 'CANARY_FAILED' }],
    [
      'the canary that failed was gone on after',
      { wave: 0, failed: 1, canariesFailed: 1, acknowledged: 1 },
      { kind: 'advance' },
    ],
    ['ten of a thousand failed', { failed: 10, untried: 1 }, { kind: 'stay' }],
    ['eleven of a thousand failed', { failed: 11, untried: 1 }, { kind: 'stop', reason: 'TOO_MANY_FAILED' }],
    ['eleven failed, one of them seen', { failed: 11, acknowledged: 1, untried: 1 }, { kind: 'stay' }],
    ['one of ninety-nine failed', { failed: 1, total: 99 }, { kind: 'stop', reason: 'TOO_MANY_FAILED' }],
    ['none may fail', { failed: 1, failuresPercentMax: 0 }, { kind: 'stop', reason: 'TOO_MANY_FAILED' }],
    ['a canary waits', { wave: 0, waiting: 1 }, { kind: 'stay' }],
    ['a canary is being migrated', { wave: 0, running: 1 }, { kind: 'stay' }],
    ['one of a later wave waits', { waiting: 1, running: 1 }, { kind: 'advance' }],
    ['one of a later wave was never tried', { untried: 1 }, { kind: 'stay' }],
    ['one of the last wave waits', { wave: 2, waiting: 1 }, { kind: 'stay' }],
    ['nothing is left', { wave: 2 }, { kind: 'finish' }],
    ['it is paused', { state: 'paused', wave: 2 }, { kind: 'stay' }],
    ['it is stopped', { state: 'stopped', failed: 500 }, { kind: 'stay' }],
  ])('%s', (_what, changes, turn) => {
    expect(nextTurn(progress(changes))).toEqual(turn);
  });
});

describe('commanded', () => {
  it('nothing is commanded of a run that has ended, and no command twice does more than once', () => {
    const table = RUN_STATES.map((state) =>
      (['pause', 'continue', 'retry', 'cancel'] as const).map((command) => commanded(command, state)),
    );
    expect(table).toEqual([
      ['paused', 'running', 'running', 'canceled'],
      ['paused', 'running', 'running', 'canceled'],
      [null, 'running', 'running', 'canceled'],
      [null, null, null, null],
      [null, null, null, 'canceled'],
    ]);
  });
});
