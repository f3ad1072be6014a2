import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, waitFor } from '../eventually.js';
import { spawnSource } from './child.js';

const nested = new URL('./nested.child.ts', import.meta.url);

describe('a process that a suite starts', () => {
  it('ends with the process that started it, however that one ends', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nested-'));
    const announce = join(folder, 'port');
    const outer = spawnSource(nested, { announce, isOuter: true });
    const port = Number(await eventually(() => readFileSync(announce, 'utf8')));
    expect(await listens(port)).toBe(true);
    outer.kill('SIGKILL');
    expect((await outer.ended).signal).toBe('SIGKILL');
    await waitFor('the end of the inner one', async () => !(await listens(port)));
    rmSync(folder, { recursive: true });
  });
});

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
