/** When a subscription works, and what its license says around its end. Members that are left out stay what they are; null takes them back. */
export interface TermChange {
  readonly startsAt?: Date | undefined;
  readonly endsAt?: Date | null | undefined;
  readonly noticeDays?: number | null | undefined;
  readonly graceDays?: number | null | undefined;
}

export interface Term {
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly noticeDays: number | null;
  readonly graceDays: number | null;
}

/** A hundred years: no contract is longer, and behind the year 9999 instants are written in another way. */
const AHEAD_MS_MAX = 100 * 365 * 86_400_000;

/** The term after the change, or what is wrong with it. What was charged already is not moved. */
export function changeTerm(
  present: Term,
  change: TermChange,
  at: { readonly now: Date; readonly periodStart: Date },
): Term | string {
  const term: Term = {
    startedAt: change.startsAt ?? present.startedAt,
    endedAt: change.endsAt === undefined ? present.endedAt : change.endsAt,
    noticeDays: change.noticeDays === undefined ? present.noticeDays : change.noticeDays,
    graceDays: change.graceDays === undefined ? present.graceDays : change.graceDays,
  };
  const latest = new Date(at.now.getTime() + AHEAD_MS_MAX);
  if (term.startedAt > latest || (term.endedAt !== null && term.endedAt > latest)) {
    return `It lies behind ${latest.toISOString()}`;
  }
  const startMoves = term.startedAt.getTime() !== present.startedAt.getTime();
  if (startMoves && term.startedAt <= at.now) return 'startsAt is not ahead of now';
  if (startMoves && present.startedAt < at.periodStart) return 'It began in an earlier period, which is charged';
  const endMoves = term.endedAt?.getTime() !== present.endedAt?.getTime();
  if (endMoves && term.endedAt !== null && term.endedAt <= at.now) return 'endsAt is not ahead of now';
  if (endMoves && present.endedAt !== null && present.endedAt < at.periodStart) return 'It ended in an earlier period';
  if (term.endedAt !== null && term.endedAt <= term.startedAt) return 'endsAt is not after startsAt';
  return term;
}
