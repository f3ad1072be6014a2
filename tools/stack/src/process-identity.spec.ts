import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { endProcesses, identify, isAlive, processesOfRun, RUN_MARKER, signalProcess } from './process-identity.js';

const sleeper = (env: NodeJS.ProcessEnv = {}) =>
  spawn(process.execPath, ['-e', "console.log(''); setTimeout(() => {}, 60_000)"], {
    detached: true,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

describe('the identity of a process', () => {
  it('a process that only shares the pid of an old one is left alone', async () => {
    const child = sleeper();
    const now = identify(child.pid ?? -1);
    const before = { pid: child.pid ?? -1, startedAt: '1' };
    expect(isAlive(before)).toBe(false);
    expect(signalProcess(before, 'SIGKILL')).toBe(false);
    expect(now && isAlive(now)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(now && isAlive(now)).toBe(false);
  });

  it('is found by the mark of its run', async () => {
    const runId = `spec-${process.pid}`;
    const child = sleeper({ [RUN_MARKER]: runId });
    await once(child.stdout, 'data');
    expect(processesOfRun(runId).map(({ pid }) => pid)).toEqual([child.pid]);
    const exited = once(child, 'exit');
    await endProcesses(
      processesOfRun(runId).map((identity) => ({ identity, signal: 'SIGTERM' as const })),
      5_000,
    );
    await exited;
    expect(processesOfRun(runId)).toEqual([]);
  });

  it('a process that does not listen is ended after its grace', async () => {
    const child = spawn(
      process.execPath,
      ['-e', "process.on('SIGTERM', () => {}); console.log(''); setTimeout(() => {}, 60_000)"],
      {
        detached: true,
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    await once(child.stdout, 'data');
    const identity = identify(child.pid ?? -1);
    if (!identity) throw new Error('the child is not there');
    const exited = once(child, 'exit');
    await endProcesses([{ identity, signal: 'SIGTERM' }], 200);
    expect((await exited)[1]).toBe('SIGKILL');
  });
});
