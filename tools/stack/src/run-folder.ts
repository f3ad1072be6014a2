import { randomBytes } from 'node:crypto';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openFolder, privateFolder } from './cache.js';
import { ProcessGroup } from './managed-process.js';
import { endProcesses, identify, isAlive, processesOfRun, type ProcessIdentity } from './process-identity.js';

export interface RunFolder {
  runId: string;
  folder: string;
  dataFolder: string;
  privateFolder: string;
  group: ProcessGroup;
}

interface Owner extends ProcessIdentity {
  runId: string;
}

const OWNER_FILE = 'owner.json';
const PID_FILE = 'processes.jsonl';
// A launcher gives its services 30 s, then its servers 30 s.
const LAUNCHER_STOP_MS = 75_000;

/** A run that keeps nothing: its folder goes when the launcher goes, whichever way. */
export async function temporaryRun(cache: string): Promise<RunFolder> {
  const runs = await openFolder(path.join(cache, 'runs'));
  await sweepRuns(runs);
  const runId = randomBytes(8).toString('hex');
  return claim(path.join(runs, runId), runId, true);
}

/** A run over data that is kept under this name; refused while another launcher holds it. */
export async function keptRun(cache: string, name: string): Promise<RunFolder> {
  const folder = await openFolder(path.join(cache, 'stacks', name));
  const owner = await ownerOf(folder);
  if (owner && isAlive(owner)) {
    throw new Error(`This stack is already running (process ${owner.pid}); stop it with: ./biplane down`);
  }
  if (owner) await endRun(folder, owner.runId);
  return claim(folder, randomBytes(8).toString('hex'), false);
}

async function claim(folder: string, runId: string, temporary: boolean): Promise<RunFolder> {
  await openFolder(folder);
  const mine = identify(process.pid);
  if (!mine) throw new Error('This process cannot be identified');
  await writeFile(path.join(folder, OWNER_FILE), JSON.stringify({ ...mine, runId } satisfies Owner));
  const pidFile = path.join(folder, PID_FILE);
  await writeFile(pidFile, '');
  return {
    runId,
    folder,
    dataFolder: await openFolder(path.join(folder, 'data')),
    privateFolder: await privateFolder(path.join(folder, 'private')),
    group: new ProcessGroup(runId, pidFile, temporary ? [folder] : []),
  };
}

/** Who holds the folder, or null. A file that a killed run left half-written is nobody's. */
export async function ownerOf(folder: string): Promise<Owner | null> {
  try {
    const owner = JSON.parse(await readFile(path.join(folder, OWNER_FILE), 'utf8')) as Partial<Owner>;
    const whole =
      typeof owner.pid === 'number' && typeof owner.startedAt === 'string' && typeof owner.runId === 'string';
    return whole ? (owner as Owner) : null;
  } catch {
    return null;
  }
}

/** Ends what a run left behind: only processes that we started, by pid and start instant, or that carry its mark. */
async function endRun(folder: string, runId: string): Promise<boolean> {
  const lines = (await readFile(path.join(folder, PID_FILE), 'utf8').catch(() => '')).split('\n');
  const registered = lines.flatMap((line) => {
    try {
      const { pid, startedAt, signal } = JSON.parse(line) as ProcessIdentity & { signal: NodeJS.Signals };
      return [{ identity: { pid, startedAt }, signal }];
    } catch {
      return [];
    }
  });
  const left = [
    ...registered,
    ...processesOfRun(runId).map((identity) => ({ identity, signal: 'SIGTERM' as const })),
  ].filter((target) => isAlive(target.identity));
  await endProcesses(left, 8_000);
  return left.length > 0;
}

/** Cleans the temporary runs whose launcher is gone, reaper included (a machine that lost power, a `kill -9` of all). */
async function sweepRuns(runs: string): Promise<void> {
  for (const name of await readdir(runs)) {
    const folder = path.join(runs, name);
    const owner = await ownerOf(folder);
    if (!owner || isAlive(owner)) continue;
    await endRun(folder, owner.runId);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Ends the launcher that holds a kept stack, and whatever it could not end itself; false when nothing ran. */
export async function endKeptRun(cache: string, name: string): Promise<boolean> {
  const folder = path.join(cache, 'stacks', name);
  const owner = await ownerOf(folder);
  if (!owner) return false;
  const held = isAlive(owner);
  if (held) process.kill(owner.pid, 'SIGTERM');
  const deadline = performance.now() + LAUNCHER_STOP_MS;
  while (isAlive(owner) && performance.now() < deadline) await new Promise((done) => setTimeout(done, 100));
  if (isAlive(owner)) process.kill(owner.pid, 'SIGKILL');
  const left = await endRun(folder, owner.runId);
  await rm(path.join(folder, OWNER_FILE), { force: true });
  return held || left;
}
