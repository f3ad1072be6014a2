import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { madeAside } from './made-aside.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'made-aside-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a file that is made aside', () => {
  it('has its name while it is made, and stands in its place once it is whole', async () => {
    const file = path.join(folder, 'helm');
    const made = madeAside(file, async (aside) => {
      await writeFile(aside, 'whole');
      expect([path.basename(aside), path.dirname(path.dirname(aside))]).toEqual(['helm', folder]);
      expect(await readdir(folder)).not.toContain('helm');
    });
    expect(await made).toBe(file);
    expect([await readFile(file, 'utf8'), await readdir(folder)]).toEqual(['whole', ['helm']]);
  });

  it('leaves nothing when it fails, and what stood there as it was', async () => {
    const file = path.join(folder, 'helm');
    await writeFile(file, 'of before');
    const failing = madeAside(file, async (aside) => {
      await writeFile(aside, 'ha');
      throw new Error('no more memory');
    });
    await expect(failing).rejects.toThrow('no more memory');
    expect([await readFile(file, 'utf8'), await readdir(folder)]).toEqual(['of before', ['helm']]);
  });
});
