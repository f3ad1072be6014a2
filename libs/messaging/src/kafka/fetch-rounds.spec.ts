import { describe, expect, it } from '@jest/globals';
import { FetchRounds } from './fetch-rounds.js';

describe('a whole round of fetches without news', () => {
  it('needs an answer from every node in which nothing came', () => {
    const rounds = new FetchRounds();
    expect([rounds.fetchStarts(1, false), rounds.fetchStarts(2, false)]).toEqual([false, false]);
    rounds.fetchEnds(1);
    expect(rounds.fetchStarts(1, false)).toBe(false); // node 2 has not answered yet
    rounds.fetchEnds(2);
    rounds.batchStarts();
    expect(rounds.fetchStarts(2, false)).toBe(false); // something came
    rounds.fetchEnds(2);
    expect(rounds.fetchStarts(2, false)).toBe(true);
  });

  it('a fetch that left paused partitions out means nothing', () => {
    const rounds = new FetchRounds();
    rounds.fetchStarts(1, true);
    rounds.fetchEnds(1);
    expect(rounds.fetchStarts(1, false)).toBe(false);
    rounds.fetchEnds(1);
    expect(rounds.fetchStarts(1, false)).toBe(true);
  });

  it('a fetch that failed means nothing', () => {
    const rounds = new FetchRounds();
    rounds.fetchStarts(1, false);
    expect(rounds.fetchStarts(1, false)).toBe(false);
  });
});
