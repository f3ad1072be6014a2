import { rational, type Rational } from '@biplane/kernel';
import { localDays, type LocalDay } from './local-day.js';
import { durationMs, type Period } from './period.js';
import { intersect, totalMs, type Stretches } from './stretches.js';

/** A part of a period, not yet in lowest terms: "15 of 30 days" explains a bill better than "1/2". */
export interface Share {
  readonly part: number;
  readonly whole: number;
}

/**
 * The local days of the period at any instant of which one of the stretches holds, of all local days that the period
 * touches. The 16th to the end of January is 16 of 31: nothing is ever added to both sides.
 */
export function daysIn(stretches: Stretches, period: Period, timeZone: string): Share {
  return daysAmong(stretches, period, localDays(period, timeZone));
}

/** The same for who asks many times about one period: `days` are its local days. One pass over both, which are in order. */
export function daysAmong(stretches: Stretches, period: Period, days: readonly LocalDay[]): Share {
  const inside = intersect(stretches, [period]);
  let part = 0;
  let next = 0;
  for (const day of days) {
    while (next < inside.length && inside[next]!.to <= day.period.from) next += 1;
    if (next < inside.length && inside[next]!.from < day.period.to) part += 1;
  }
  return { part, whole: days.length };
}

/** The milliseconds of the period that the stretches cover, of all its milliseconds: instants have no finer unit. */
export function millisIn(stretches: Stretches, period: Period): Share {
  return { part: totalMs(intersect(stretches, [period])), whole: durationMs(period) };
}

const DAY_MS = 86_400_000;

/**
 * The same where each local day weighs as much as any other, as when days are counted: its milliseconds are scaled to those
 * of 24 hours, and cut off. For plans by second beside plans by day, whose shares would otherwise add to more than the whole
 * when clocks make a day shorter or longer, or the period cuts one. `days` are the local days of the period.
 */
export function evenMillisIn(stretches: Stretches, period: Period, days: readonly LocalDay[]): Share {
  const inside = intersect(stretches, [period]);
  let part = 0;
  let next = 0;
  for (const day of days) {
    const from = Math.max(day.period.from.getTime(), period.from.getTime());
    const to = Math.min(day.period.to.getTime(), period.to.getTime());
    let held = 0;
    for (; next < inside.length && inside[next]!.from.getTime() < to; next += 1) {
      const stretch = inside[next]!;
      held += Math.min(stretch.to.getTime(), to) - Math.max(stretch.from.getTime(), from);
      // The rest of it is of the next day.
      if (stretch.to.getTime() > to) break;
    }
    part += Math.floor((held * DAY_MS) / (to - from));
  }
  return { part, whole: days.length * DAY_MS };
}

export function shareByDay(stretches: Stretches, period: Period, timeZone: string): Rational {
  return toRational(daysIn(stretches, period, timeZone));
}

export function shareBySecond(stretches: Stretches, period: Period): Rational {
  return toRational(millisIn(stretches, period));
}

/** Of an empty period nothing can be had, so its share is a bug and throws. */
export function toRational(share: Share): Rational {
  return rational(BigInt(share.part), BigInt(share.whole));
}
