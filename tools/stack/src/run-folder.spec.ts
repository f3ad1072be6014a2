import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cacheFolder } from './cache.js';
import { endKeptRun, ownerOf } from './run-folder.js';

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(path.join(tmpdir(), 'biplane-cache-'));
  await mkdir(path.join(cache, 'stacks', 'one'), { recursive: true });
});
afterEach(() => rm(cache, { recursive: true }));
const ownerFile = () => path.join(cache, 'stacks', 'one', 'owner.json');

describe('the folder of a run', () => {
  it.each([
    ['half-written by a killed run', '{"pid": 12'],
    ['of another shape', '{"pid":"12"}'],
  ])('whose owner file is %s is nobody’s', async (_why, text) => {
    await writeFile(ownerFile(), text);
    expect(await ownerOf(path.join(cache, 'stacks', 'one'))).toBeNull();
  });

  it('whose owner is gone holds nothing that runs', async () => {
    await writeFile(ownerFile(), JSON.stringify({ pid: process.pid, startedAt: '1', runId: 'gone' }));
    expect(await endKeptRun(cache, 'one')).toBe(false);
    expect(await ownerOf(path.join(cache, 'stacks', 'one'))).toBeNull();
  });

  it('lies where PostgreSQL’s user can go, even when we are root', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/private/cache' }, 0)).toBe('/var/cache/biplane');
    expect(cacheFolder({ XDG_CACHE_HOME: '/private/cache' }, 1000)).toBe('/private/cache/biplane');
    expect(cacheFolder({ BIPLANE_CACHE_DIR: '/elsewhere' }, 0)).toBe('/elsewhere');
  });
});
