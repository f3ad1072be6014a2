import { describe, expect, it } from '@jest/globals';
import { SharedReads } from './shared-reads.js';

describe('reads of one count that come together', () => {
  it('a burst needs two reads, and no answer is older than its question', async () => {
    const reads = new SharedReads<number>();
    let stored = 1;
    let loads = 0;
    const load = async (): Promise<number> => {
      loads += 1;
      const seen = stored;
      await Promise.resolve();
      return seen;
    };
    const first = reads.read('a', load);
    stored = 2;
    const later = Array.from({ length: 300 }, () => reads.read('a', load));
    const other = reads.read('b', load);
    expect(await first).toBe(1);
    expect(new Set(await Promise.all([...later, other]))).toEqual(new Set([2]));
    expect(loads).toBe(3);
    stored = 3;
    expect(await reads.read('a', load)).toBe(3);
  });

  it('a read that fails fails those who share it, and no one after', async () => {
    const reads = new SharedReads<number>();
    const failing = reads.read('a', () => Promise.reject(new Error('away')));
    const next = reads.read('a', () => Promise.resolve(7));
    await expect(failing).rejects.toThrow('away');
    expect(await next).toBe(7);
    expect(await reads.read('a', () => Promise.resolve(8))).toBe(8);
  });
});
