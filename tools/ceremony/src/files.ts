import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

/** Writes a new file that only its owner can read. Throws when it is there: a key that is overwritten is a key that is lost. */
export function writeNewFile(path: string, content: unknown): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, `${JSON.stringify(content, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export function readJsonFile(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
