import { describe, expect, it } from '@jest/globals';
import { bisect } from './bisect.js';

const numbers = Array.from({ length: 500 }, (_, index) => index);

async function run(bad: readonly number[], isGeneral: (error: unknown) => boolean = () => false) {
  const done: number[] = [];
  const alone: number[] = [];
  let tries = 0;
  await bisect(
    numbers,
    async (some) => {
      tries += 1;
      if (some.some((each) => bad.includes(each))) throw new Error('bad');
      done.push(...some);
    },
    async (one) => void alone.push(one),
    isGeneral,
  );
  return { done, alone, tries };
}

describe('work that fails for one of many', () => {
  it('is done at once when nothing fails', async () => {
    expect(await run([])).toMatchObject({ done: numbers, alone: [], tries: 1 });
  });

  it.each([[[0]], [[499]], [[250]], [[7, 8, 400]]])('leaves out %s alone, and keeps the order', async (bad) => {
    const { done, alone, tries } = await run(bad);
    expect(alone).toEqual(bad);
    expect(done).toEqual(numbers.filter((each) => !bad.includes(each)));
    expect(tries).toBeLessThanOrEqual(1 + bad.length * 18);
  });

  it('is given up when the failure is nobody in particular', async () => {
    await expect(run([3], () => true)).rejects.toThrow('bad');
  });
});
