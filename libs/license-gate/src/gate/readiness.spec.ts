import { describe, expect, it } from '@jest/globals';
import { mayServe } from './readiness.js';

describe('readiness', () => {
  const reading = { hasReadAll: false, hasBrokerAnswered: false, runningMs: 5_000, licensesHeld: 1 };
  it.each([
    ['all is read', { ...reading, hasReadAll: true, licensesHeld: 0, runningMs: 1 }, true],
    ['A13: no broker for 5 s, and licenses are held', reading, true],
    ['no broker yet, and the 5 s are not over', { ...reading, runningMs: 4_999 }, false],
    ['no broker and no license: nothing to serve from', { ...reading, licensesHeld: 0 }, false],
    ['the broker answers: what is held may be outdated', { ...reading, hasBrokerAnswered: true }, false],
  ])('%s', (_why, state, serves) => {
    expect(mayServe(state)).toBe(serves);
  });
});
