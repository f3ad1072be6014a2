import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CORE_CLIENTS, homeIdOf, readMemory, secretHash, writeMemory, writeServiceSecrets } from './secrets.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'biplane-secrets-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('secrets of a stack', () => {
  it('are hashed in the form that the services read', () => {
    expect(secretHash('x')).toMatch(/^scrypt\$16384\$[A-Za-z0-9_-]{22}\$[A-Za-z0-9_-]{43}$/);
  });

  it('are readable by their owner alone', async () => {
    const { environment } = await writeServiceSecrets(folder, 'core-api', CORE_CLIENTS, { passwords: {}, homeIds: {} });
    for (const file of Object.values(environment)) expect((await stat(file)).mode & 0o077).toBe(0);
  });

  it('stay the same when the stack starts again over its data', async () => {
    const memory = readMemory(folder);
    const first = await writeServiceSecrets(folder, 'core-api', CORE_CLIENTS, memory);
    const homeId = homeIdOf(memory, 'eu-1');
    await writeMemory(folder, memory);
    const keyFile = first.environment['FIELD_KEYS_FILE'] ?? '';
    const key = await readFile(keyFile, 'utf8');

    const again = readMemory(folder);
    const second = await writeServiceSecrets(folder, 'core-api', CORE_CLIENTS, again);
    expect(second.credentials).toEqual(first.credentials);
    expect(homeIdOf(again, 'eu-1')).toBe(homeId);
    expect(await readFile(keyFile, 'utf8')).toBe(key);
  });
});
