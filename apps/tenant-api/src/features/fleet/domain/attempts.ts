/** What kept a database from being migrated. */
export interface Obstacle {
  readonly reason: string;
  /** It may be gone in a while: a lock that somebody holds, a server that is away. */
  readonly isPassing: boolean;
}

/** 55P03 lock_timeout, 40P01 deadlock, 40001 serialization, 57014 canceled, 57P0x the server goes or comes. */
const PASSING = new Map([
  ['55P03', 'LOCKED'],
  ['40P01', 'DEADLOCK'],
  ['40001', 'SQLSTATE_40001'],
  ['57P01', 'SERVER_UNREACHABLE'],
  ['57P02', 'SERVER_UNREACHABLE'],
  ['57P03', 'SERVER_UNREACHABLE'],
  ['53300', 'TOO_MANY_CONNECTIONS'],
]);

/** Codes only: the text of an error could carry what is nobody else's. */
export function obstacleOf(code: string): Obstacle {
  const passing = PASSING.get(code);
  if (passing !== undefined) return { reason: passing, isPassing: true };
  if (/^[0-9A-Z]{5}$/.test(code)) return { reason: `SQLSTATE_${code}`, isPassing: false };
  return { reason: 'SERVER_UNREACHABLE', isPassing: true };
}

export const ATTEMPTS_MAX = 6;
const RETRY_FIRST_MS = 2_000;
const RETRY_MAX_MS = 60_000;

/** When to try again after the attempt, or null: it has failed. `jitter` from 0 to 1 keeps many from coming back together. */
export function nextAttemptMs(obstacle: Obstacle, attempt: number, attemptsMax: number, jitter: number): number | null {
  if (!obstacle.isPassing || attempt >= attemptsMax) return null;
  const ceilingMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (attempt - 1));
  return Math.round(ceilingMs * (0.5 + jitter / 2));
}
