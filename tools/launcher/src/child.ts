import { spawn, type ChildProcess } from 'node:child_process';
import { interrupted } from './shutdown.js';

export interface ChildOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** For a program that tells of its progress (`process.send`). */
  pulse?: Pulse;
}

export interface Pulse {
  /** A program that told nothing for so long is killed with all that it started: a thread that stands still ends nothing itself. */
  silenceMs: number;
  heard(message: unknown): void;
}

const KILL_AFTER_MS = 20_000;

/** Thrown when the user interrupts: the caller stops what it started, then the launcher ends with 130. */
export class Interrupted extends Error {
  constructor(signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}`);
  }
}

/** Runs a program in the foreground; resolves to its exit code (128 when a signal ended it). */
export async function runChild(command: string, args: string[], options: ChildOptions): Promise<number> {
  const { cwd, env, pulse } = options;
  const child = pulse
    ? spawn(command, args, { cwd, env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'], detached: true })
    : spawn(command, args, { cwd, env, stdio: 'inherit' });
  const quiet = pulse && killWhenSilent(child, pulse);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 128));
  });
  let signal: NodeJS.Signals | undefined;
  const release = interrupted((received) => {
    signal = received;
    end(child, pulse, 'SIGTERM'); // a terminal told it already, if it is of our group; another sender told only us
    setTimeout(() => end(child, pulse, 'SIGKILL'), KILL_AFTER_MS).unref();
  });
  try {
    const code = await ended;
    if (signal) throw new Interrupted(signal);
    return code;
  } finally {
    quiet?.();
    release();
  }
}

/** One with a pulse leads a process group of its own, with all that it started. */
function end(child: ChildProcess, pulse: Pulse | undefined, signal: NodeJS.Signals): void {
  if (!pulse || child.pid === undefined) return void child.kill(signal);
  try {
    process.kill(-child.pid, signal);
  } catch {
    // it has ended meanwhile
  }
}

function killWhenSilent(child: ChildProcess, pulse: Pulse): () => void {
  const { silenceMs, heard } = pulse;
  const kill = () => end(child, pulse, 'SIGKILL');
  let timer = setTimeout(kill, silenceMs);
  child.on('message', (message) => {
    clearTimeout(timer);
    timer = setTimeout(kill, silenceMs);
    heard(message);
  });
  return () => clearTimeout(timer);
}

/** Races work that cannot be aborted against the user's Ctrl-C. */
export async function orInterrupted<T>(work: Promise<T>): Promise<T> {
  let release = () => undefined as void;
  const stop = new Promise<never>((_, reject) => {
    release = interrupted((signal) => reject(new Interrupted(signal)));
  });
  try {
    return await Promise.race([work, stop]);
  } finally {
    release();
  }
}
