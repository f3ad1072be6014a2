import { readFileSync } from 'node:fs';
import type { Clock } from '@biplane/kernel';

export const CLOCK = Symbol('CLOCK');

export class SystemClock implements Clock {
  now(): Date {
    return new Date();
  }
}

/** A change of the file is seen after this at the latest. */
const REREAD_MS = 50;

/**
 * The machine's time moved by `{"offsetMs": n}` of a file, which every process of a demo or a test shares.
 * The file is read again when it is asked, not watched: watchers miss replaced files and keep processes alive.
 */
export class OffsetClock implements Clock {
  private offsetMs = 0;
  private readAtMs = -Infinity;

  constructor(private readonly file: string) {
    this.offsetMs = parseOffset(readFileSync(file, 'utf8'));
  }

  now(): Date {
    const nowMs = performance.now();
    if (nowMs - this.readAtMs >= REREAD_MS) {
      this.readAtMs = nowMs;
      try {
        this.offsetMs = parseOffset(readFileSync(this.file, 'utf8'));
      } catch {
        // Half written: the offset before stays until the next look.
      }
    }
    return new Date(Date.now() + this.offsetMs);
  }
}

/** `file` moves the time; production refuses it, since bills would follow. */
export function createClock(file: string | undefined, nodeEnv: string): Clock {
  if (file === undefined) return new SystemClock();
  if (nodeEnv === 'production') throw new Error('CLOCK_FILE is refused when NODE_ENV is production');
  return new OffsetClock(file);
}

function parseOffset(text: string): number {
  const offsetMs = (JSON.parse(text) as { offsetMs?: unknown }).offsetMs;
  if (!Number.isSafeInteger(offsetMs)) throw new Error('CLOCK_FILE must hold {"offsetMs": <integer>}');
  return offsetMs as number;
}
