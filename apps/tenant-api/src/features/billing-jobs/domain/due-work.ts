import type { RunKind } from './schedule.js';

/** What there is to do next of a kind: the run that is under way, or else the next turn of its schedule. */
export interface Work {
  readonly kind: RunKind;
  readonly runId: string | null;
  /** When that is due; null of a schedule that is switched off. */
  readonly at: Date | null;
  /** Of a run whose last turn failed: when it is tried again. */
  readonly retryAt: Date | null;
}

const RETRY_FIRST_MS = 15_000;
/** Whatever keeps it from going on, it is tried again within this. */
const RETRY_MAX_MS = 900_000;

/** After so many turns in a row that failed: each time twice as late, up to a quarter of an hour. */
export function retryAt(failures: number, at: Date): Date {
  return new Date(at.getTime() + Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.max(0, failures - 1)));
}

/** The first that is due, but for the kinds left alone; a run is due from its beginning on. */
export function firstDue(work: readonly Work[], leaving: ReadonlySet<RunKind>, now: Date): Work | null {
  const due = work.filter(({ kind, runId, at, retryAt: again }) => {
    if (leaving.has(kind)) return false;
    return runId === null ? at !== null && at <= now : again === null || again <= now;
  });
  return due.sort(byInstant)[0] ?? null;
}

/** When somebody is to look again; null when nothing is to come. */
export function nextDue(work: readonly Work[]): Date | null {
  return work.filter(({ at }) => at !== null).sort(byInstant)[0]?.at ?? null;
}

function byInstant(one: Work, other: Work): number {
  return (one.at?.getTime() ?? 0) - (other.at?.getTime() ?? 0) || (one.kind < other.kind ? -1 : 1);
}
