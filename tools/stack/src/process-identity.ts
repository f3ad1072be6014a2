import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** A pid alone is not an identity: pids are used again. With the start instant it is one. */
export interface ProcessIdentity {
  pid: number;
  startedAt: string;
}

/** The environment variable that marks each process of a run, so that a killed run's leftovers can be found. */
export const RUN_MARKER = 'BIPLANE_RUN_ID';

/** When the process started, as the system tells it (opaque, only compared), or null when there is none. */
export function processStartedAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name stands in parentheses and may hold spaces: fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    if (process.platform === 'linux') return null;
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

export function identify(pid: number): ProcessIdentity | null {
  const startedAt = processStartedAt(pid);
  return startedAt === null ? null : { pid, startedAt };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return processStartedAt(identity.pid) === identity.startedAt;
}

/**
 * Every process whose environment carries this run's marker, and this variable besides when one is given (Linux;
 * elsewhere only registered processes are known).
 */
export function processesOfRun(runId: string, variable?: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return [];
  const wanted = [`${RUN_MARKER}=${runId}`, ...(variable === undefined ? [] : [variable])];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const variables = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
        const identity = wanted.every((one) => variables.includes(one)) ? identify(Number(name)) : null;
        return identity ? [identity] : [];
      } catch {
        return []; // gone meanwhile, or another user's
      }
    });
}

/** Signals the process and its group; false when it is no longer there. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(-identity.pid, signal);
  } catch {
    try {
      process.kill(identity.pid, signal); // not the leader of a group
    } catch {
      return false;
    }
  }
  return true;
}

const POLL_MS = 50;

/** Ends processes: asks first, insists after the grace period. */
export async function endProcesses(
  targets: { identity: ProcessIdentity; signal: NodeJS.Signals }[],
  graceMs: number,
): Promise<void> {
  for (const target of targets) signalProcess(target.identity, target.signal);
  const deadline = performance.now() + graceMs;
  const left = () => targets.filter((target) => isAlive(target.identity));
  while (left().length > 0 && performance.now() < deadline) await new Promise((done) => setTimeout(done, POLL_MS));
  for (const target of left()) signalProcess(target.identity, 'SIGKILL');
}
