import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  endProcesses,
  identify,
  isAlive,
  RUN_MARKER,
  signalProcess,
  type ProcessIdentity,
} from './process-identity.js';

export interface ProcessSpec {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  logFile: string;
  cwd?: string;
  uid?: number | undefined;
  gid?: number | undefined;
  /** What asks this program to end in order. PostgreSQL's fast shutdown is SIGINT. */
  stopSignal?: NodeJS.Signals;
}

const open = new Set<ProcessGroup>();

/** Lets the reapers of this process finish and go: after it, nothing of its runs is left. Their work is a moment's. */
export async function closeRuns(): Promise<void> {
  await Promise.all([...open].map((group) => group.close()));
}

/** The processes of one run; a reaper ends them when this process is gone, however it went. */
export class ProcessGroup {
  private readonly reaper: ChildProcess;

  constructor(
    readonly runId: string,
    private readonly pidFile: string,
    foldersToRemove: string[] = [],
  ) {
    const script = fileURLToPath(new URL('./reaper.main.js', import.meta.url)).replace(
      /([\\/])src([\\/]reaper\.main\.js)$/,
      '$1dist$2',
    );
    this.reaper = spawn(process.execPath, [script, runId, ...foldersToRemove], {
      detached: true, // out of the terminal's process group: Ctrl-C is the launcher's to handle
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
      cwd: '/',
    });
    this.reaper.unref();
    (this.reaper.stdin as unknown as { unref(): void }).unref();
    this.reaper.stdin?.on('error', () => undefined);
    open.add(this);
  }

  /** Ends what is still running, removes a temporary run's folder, and waits for both. */
  async close(): Promise<void> {
    open.delete(this);
    if (this.reaper.exitCode !== null || this.reaper.signalCode !== null) return;
    const gone = once(this.reaper, 'exit');
    this.reaper.ref();
    this.reaper.stdin?.end();
    await gone;
  }

  spawn(spec: ProcessSpec): ManagedProcess {
    // An interrupted start may still be on its way: what it starts now, nobody would end.
    if (!open.has(this)) throw new Error(`${spec.name} was not started: the run is over`);
    const started = new ManagedProcess(spec, this.runId);
    const record = { ...started.identity, signal: spec.stopSignal ?? 'SIGTERM', name: spec.name };
    this.reaper.stdin?.write(`${JSON.stringify(record)}\n`);
    appendFileSync(this.pidFile, `${JSON.stringify(record)}\n`);
    return started;
  }
}

export class ManagedProcess {
  readonly identity: ProcessIdentity;
  readonly exited: Promise<string>;
  private ended = false;
  private readonly stopSignal: NodeJS.Signals;

  constructor(
    private readonly spec: ProcessSpec,
    runId: string,
  ) {
    this.stopSignal = spec.stopSignal ?? 'SIGTERM';
    const log = openSync(spec.logFile, 'a', 0o600);
    const child = spawn(spec.command, spec.args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...spec.env, [RUN_MARKER]: runId },
      cwd: spec.cwd ?? '/',
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    });
    closeSync(log);
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    void this.exited.then(() => (this.ended = true));
    this.identity = (child.pid === undefined ? null : identify(child.pid)) ?? {
      pid: child.pid ?? -1,
      startedAt: 'never',
    };
  }

  get running(): boolean {
    return !this.ended && isAlive(this.identity);
  }

  /** Asks the process to end, insists with SIGKILL after `graceMs`. */
  async stop(graceMs = 30_000): Promise<void> {
    if (this.identity.pid < 0) return;
    await endProcesses([{ identity: this.identity, signal: this.stopSignal }], graceMs);
    await this.exited;
  }

  /** SIGKILL at once: what a crash looks like. */
  async kill(): Promise<void> {
    signalProcess(this.identity, 'SIGKILL');
    await this.exited;
  }

  /** Waits for the process to end by itself and well; any other end, and the deadline, fail with the end of its log. */
  async waitForSuccess(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`still running after ${Math.round(timeoutMs / 1000)} s`), timeoutMs);
    });
    const outcome = await Promise.race([this.exited, late]);
    clearTimeout(timer);
    if (outcome !== 'exit code 0') throw new Error(`${this.spec.name} was not done (${outcome})${this.logTail()}`);
  }

  /** Waits until `ready` says so; fails at once when the process ends, and at the deadline, with the end of its log. */
  async waitUntil(what: string, ready: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if (await ready().catch(() => false)) return;
      if (!this.running)
        throw new Error(`${this.spec.name} ended before it was ${what} (${await this.exited})${this.logTail()}`);
      if (performance.now() > deadline) {
        throw new Error(`${this.spec.name} was not ${what} after ${Math.round(timeoutMs / 1000)} s${this.logTail()}`);
      }
      await new Promise((done) => setTimeout(done, 60));
    }
  }

  private logTail(lines = 25): string {
    try {
      const text = readFileSync(this.spec.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
      return `\n--- end of ${this.spec.logFile} ---\n${text}\n---`;
    } catch {
      return '';
    }
  }
}
