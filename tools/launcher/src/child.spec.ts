import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { runChild } from './child.js';

// Stands still as a thread that waits for itself does, and what it started holds a line to the test for as long as it lives.
const still = (port: number): string => `
  const { spawn } = require('node:child_process');
  const sleeper = spawn(process.execPath, ['-e', 'require("node:net").connect(${port}, "127.0.0.1")']);
  process.send({ sleeper: sleeper.pid }, () => { for (;;); });
`;

describe('a child', () => {
  it('that tells nothing any more is killed with all that it started', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connected = once(server, 'connection') as Promise<[Socket]>;
    const pulse = { silenceMs: 4000, heard: () => undefined };
    const program = still((server.address() as AddressInfo).port);
    const ended = runChild(process.execPath, ['-e', program], { cwd: '.', env: process.env, pulse });
    const [line] = await connected;
    const closed = once(line.resume(), 'close');
    line.on('error', () => undefined);
    expect(await ended).toBe(128);
    await closed;
    server.close();
  });

  it('that goes on telling runs to its end', async () => {
    const told: unknown[] = [];
    const pulse = { silenceMs: 60_000, heard: (message: unknown) => void told.push(message) };
    const program = 'process.send(1); process.send(2, () => { process.exitCode = 3; process.disconnect(); });';
    expect(await runChild(process.execPath, ['-e', program], { cwd: '.', env: process.env, pulse })).toBe(3);
    expect(told).toEqual([1, 2]);
  });
});
