import { durationMs, intersection, isEmpty, periodOf, type OpenPeriod, type Period } from './period.js';

/**
 * Sets of instants, written as periods. Every function returns them in order, disjoint, not touching and not empty, so
 * that overlapping or doubled records of the same stretch are one sum and one rounding.
 */
export type Stretches = readonly Period[];

export function unite(periods: readonly Period[]): Stretches {
  const sorted = periods.filter((period) => !isEmpty(period)).sort((a, b) => a.from.getTime() - b.from.getTime());
  const united: Period[] = [];
  for (const period of sorted) {
    const last = united.at(-1);
    if (last && period.from <= last.to) {
      united[united.length - 1] = { from: last.from, to: last.to > period.to ? last.to : period.to };
    } else {
      united.push(period);
    }
  }
  return united;
}

/** The instants that are in both. */
export function intersect(a: readonly Period[], b: readonly Period[]): Stretches {
  const others = unite(b);
  const shared = unite(a).flatMap((x) => others.map((y) => intersection(x, y)));
  return unite(shared.filter((period) => period !== null));
}

/** The instants of `a` that are not in `b`. */
export function subtract(a: readonly Period[], b: readonly Period[]): Stretches {
  let left = [...unite(a)];
  for (const hole of unite(b)) {
    left = left.flatMap((period) => without(period, hole));
  }
  return left;
}

/** The part of each record inside `bounds`; an open end reaches to the end of `bounds`. */
export function clip(records: readonly OpenPeriod[], bounds: Period): Stretches {
  const closed = records.map(({ from, to }) => intersection({ from, to: to ?? bounds.to }, bounds));
  return unite(closed.filter((period) => period !== null));
}

export function totalMs(stretches: Stretches): number {
  return stretches.reduce((sum, period) => sum + durationMs(period), 0);
}

function without(period: Period, hole: Period): Period[] {
  if (!intersection(period, hole)) return [period];
  const [from, to] = [period.from.getTime(), period.to.getTime()];
  const before = periodOf(from, Math.max(from, hole.from.getTime()));
  const after = periodOf(Math.min(to, hole.to.getTime()), to);
  return [before, after].filter((part) => !isEmpty(part));
}
