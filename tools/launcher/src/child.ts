import { spawn } from 'node:child_process';
import { interrupted } from './shutdown.js';

export interface ChildOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
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
  const child = spawn(command, args, { ...options, stdio: 'inherit' });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 128));
  });
  let signal: NodeJS.Signals | undefined;
  const release = interrupted((received) => {
    signal = received;
    child.kill('SIGTERM'); // a terminal told it already; another sender told only us
    setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
  });
  try {
    const code = await ended;
    if (signal) throw new Interrupted(signal);
    return code;
  } finally {
    release();
  }
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
