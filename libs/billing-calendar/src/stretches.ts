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

/** The instants that are in both. One pass over each, however many they are. */
export function intersect(a: readonly Period[], b: readonly Period[]): Stretches {
  const [left, right] = [unite(a), unite(b)];
  const shared: Period[] = [];
  for (let i = 0, j = 0; i < left.length && j < right.length;) {
    const both = intersection(left[i]!, right[j]!);
    if (both) shared.push(both);
    if (left[i]!.to <= right[j]!.to) i += 1;
    else j += 1;
  }
  return shared;
}

/** The instants of `a` that are not in `b`. One pass over each. */
export function subtract(a: readonly Period[], b: readonly Period[]): Stretches {
  const holes = unite(b);
  const left: Period[] = [];
  let next = 0;
  for (const period of unite(a)) {
    let from = period.from.getTime();
    for (; next < holes.length && holes[next]!.from < period.to; next += 1) {
      const hole = holes[next]!;
      if (from < hole.from.getTime()) left.push(periodOf(from, hole.from.getTime()));
      from = Math.max(from, hole.to.getTime());
      // It may reach into the stretch behind this one.
      if (hole.to > period.to) break;
    }
    if (from < period.to.getTime()) left.push(periodOf(from, period.to.getTime()));
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
