import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface ContainerEnd {
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  readonly ranMs: number;
}

export interface ProcessPlan {
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly logFile: string;
}

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** One run of a container: a process of this machine in a group of its own. */
export class ContainerProcess {
  readonly startedAt = new Date();
  readonly ended: Promise<ContainerEnd>;
  private readonly child: ChildProcess;
  private readonly from = performance.now();
  private isOver = false;

  constructor(plan: ProcessPlan) {
    const [command = '', ...args] = plan.words;
    const log = openSync(plan.logFile, 'a', 0o600);
    this.child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: plan.env,
      cwd: plan.folder,
    });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        if (this.isOver) return;
        this.isOver = true;
        this.signal('SIGKILL'); // what it started goes with it, as in a container
        resolve({
          exitCode: code ?? 128 + (signal ? (SIGNAL_NUMBERS[signal] ?? 0) : 0),
          signal,
          startedAt: this.startedAt,
          finishedAt: new Date(),
          ranMs: performance.now() - this.from,
        });
      };
      this.child.once('exit', end);
      // 127, as a shell says of a command that is not there.
      this.child.once('error', () => end(127, null));
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      // Gone already.
    }
  }

  /** SIGTERM, the grace period, SIGKILL. */
  async stop(graceMs: number): Promise<ContainerEnd> {
    this.signal('SIGTERM');
    const insist = setTimeout(() => this.signal('SIGKILL'), graceMs);
    const end = await this.ended;
    clearTimeout(insist);
    return end;
  }
}

/** The end of a log, for the message of a container that failed. */
export function tailOf(logFile: string, lines = 20): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n').slice(-2_048);
  } catch {
    return '';
  }
}
