import { describe, expect, it } from '@jest/globals';
import { planWaves, waveSizes } from './waves.js';

describe('waveSizes', () => {
  it.each<[number, number[], number[]]>([
    [0, [], []],
    [3, [], [3]],
    [5, [], [5]],
    [6, [], [5, 1]],
    [1_000, [], [5, 25, 125, 625, 220]],
    [1_000, [50, 200], [5, 50, 200, 745]],
    [60, [500], [5, 55]],
    [4, [10], [4]],
  ])('%d databases by %j go in waves of %j, five canaries first', (total, named, sizes) => {
    expect(waveSizes(total, named)).toEqual(sizes);
  });
});

describe('planWaves', () => {
  it('each database stands in one wave, in the order that the lots give', () => {
    const ids = Array.from({ length: 60 }, (_, index) => `d${String(index).padStart(2, '0')}`);
    const backwards = planWaves(ids, [], (id) => String(99 - Number(id.slice(1))).padStart(2, '0'));
    expect(backwards.map(({ deploymentId }) => deploymentId)).toEqual([...ids].reverse());
    expect(backwards.map(({ position }) => position)).toEqual(ids.map((_, index) => index));
    expect([0, 1, 2].map((wave) => backwards.filter((row) => row.wave === wave).length)).toEqual([5, 25, 30]);
    expect(planWaves(ids, [], () => 'same').map(({ deploymentId }) => deploymentId)).toEqual(ids);
  });
});
