import type { LocalDay } from './local-day.js';
import { intersection, periodOf, type Period } from './period.js';
import type { Stretches } from './stretches.js';

/** One plan of a deployment, in the order in which they were in force. */
export interface PlanTurn {
  /** The first instant at which it is in force no longer; of the last plan null. */
  readonly until: Date | null;
  /** How a share of its fees is counted. */
  readonly proration: 'day' | 'second';
}

/**
 * Which part of a period each plan has, so that what is owed for a stretch is the share of its part and no instant is owed
 * twice. By day, a local day belongs to the plan in force at its end; by second, the parts meet where the plans do, and a
 * day that a later plan by day has is none of theirs. `days` are the local days of the period.
 */
export function planStretches(
  turns: readonly PlanTurn[],
  period: Period,
  days: readonly LocalDay[],
): readonly Stretches[] {
  const parts: Stretches[] = [];
  let limit = period.to.getTime();
  for (let index = turns.length - 1; index >= 0; index -= 1) {
    const { proration } = turns[index]!;
    const begun = turns[index - 1]?.until?.getTime() ?? period.from.getTime();
    // Begun behind the period, a plan has none of the day that the period cuts short.
    const isByDay = proration === 'day' && begun < period.to.getTime();
    const from = isByDay ? startOfDayAmong(begun, days) : begun;
    const to = proration === 'day' && limit < period.to.getTime() ? startOfDayAmong(limit, days) : limit;
    const part = from < to ? intersection(periodOf(from, to), period) : null;
    parts.unshift(part === null ? [] : [part]);
    limit = Math.min(limit, from);
  }
  return parts;
}

/** Of the day that holds the instant; one outside the days is itself. */
function startOfDayAmong(millis: number, days: readonly LocalDay[]): number {
  const day = days.find(({ period }) => period.from.getTime() <= millis && millis < period.to.getTime());
  return day === undefined ? millis : day.period.from.getTime();
}
