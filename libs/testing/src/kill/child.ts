import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

export interface Child {
  readonly pid: number;
  readonly ended: Promise<ChildEnd>;
  kill(signal: NodeJS.Signals): void;
}

// Beside the source in both layouts: the compiler copies no JavaScript.
const MAIN = new URL('../../src/kill/source-main.mjs', import.meta.url);

/**
 * Runs a source file in a process of its own, so that a test can kill it; `input` is its last argument, as JSON. It ends at the
 * latest with this process, however that one ends: its standard input does.
 */
export function spawnSource(file: URL, input: unknown, env: Readonly<Record<string, string>> = {}): Child {
  const child = spawn(process.execPath, [fileURLToPath(MAIN), fileURLToPath(file), JSON.stringify(input)], {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  const ended = new Promise<ChildEnd>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  });
  return { pid: child.pid ?? 0, ended, kill: (signal) => void child.kill(signal) };
}
