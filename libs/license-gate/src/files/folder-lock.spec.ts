import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FolderInUseError, FolderLock } from './folder-lock.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'biplane-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const leave = async (holder: object): Promise<void> => writeFile(join(folder, 'lock'), JSON.stringify(holder));

describe('FolderLock', () => {
  it('one of many who try at once gets the folder, and the next one after the release', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => FolderLock.take(folder)));
    const won = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(won).toHaveLength(1);
    await expect(FolderLock.take(folder)).rejects.toThrow(FolderInUseError);
    await won[0]?.release();
    await (await FolderLock.take(folder)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('the lock of a process that is gone is taken over, by one of those that try', async () => {
    const { hostname } = await import('node:os');
    // The process id of this very process, as a container's next process 1 has it: its start tells them apart.
    await leave({ token: 'old', host: hostname(), pid: process.pid, startedAt: 'another boot/1' });
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => FolderLock.take(folder)));
    const won = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(won).toHaveLength(1);
    await won[0]?.release();
  });

  it('the lock of another host holds while it is touched, and is taken over after a minute', async () => {
    await leave({ token: 'there', host: 'another-host', pid: 1, startedAt: null });
    await expect(FolderLock.take(folder)).rejects.toThrow(/another-host/);
    const before = new Date(Date.now() - 61_000);
    await utimes(join(folder, 'lock'), before, before);
    const lock = await FolderLock.take(folder);
    expect(await readFile(join(folder, 'lock'), 'utf8')).not.toContain('another-host');
    await lock.release();
  });
});
