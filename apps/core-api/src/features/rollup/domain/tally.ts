/** Why a tenant is not invoiced by a run, without anything being wrong. */
export const SKIP_REASONS = [
  'ALREADY_INVOICED',
  'ALREADY_PAID',
  'NOT_REPLACEABLE',
  'NOT_AUTOMATIC',
  'NO_SUBSCRIPTION',
  'NOTHING_OWED',
  'PERIOD_RUNS',
  'HOURS_MISSING',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** These are looked at again: their month is not over yet, or some hour of it is missing. */
export const WAITING: readonly SkipReason[] = ['PERIOD_RUNS', 'HOURS_MISSING'];

/** What a run has come to; each tenant it examined is issued, skipped or parked. */
export interface Tally {
  readonly examined: number;
  readonly issued: number;
  /** Of the issued, those in the place of a voided one. */
  readonly replaced: number;
  /** Of the issued, those billed before every home had closed its hours. */
  readonly provisional: number;
  readonly parked: number;
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
  /** What was issued, by currency, in minor units. */
  readonly totals: Readonly<Record<string, bigint>>;
}

export const NOTHING: Tally = {
  examined: 0,
  issued: 0,
  replaced: 0,
  provisional: 0,
  parked: 0,
  skipped: {},
  totals: {},
};

export function add(a: Tally, b: Tally): Tally {
  return {
    examined: a.examined + b.examined,
    issued: a.issued + b.issued,
    replaced: a.replaced + b.replaced,
    provisional: a.provisional + b.provisional,
    parked: a.parked + b.parked,
    skipped: summed(a.skipped, b.skipped, (x, y) => x + y),
    totals: summed(a.totals, b.totals, (x, y) => x + y),
  };
}

export function skippedTotal({ skipped }: Tally): number {
  return Object.values(skipped).reduce((sum, count) => sum + count, 0);
}

export function waitingTotal({ skipped }: Tally): number {
  return WAITING.reduce((sum, reason) => sum + (skipped[reason] ?? 0), 0);
}

/** Keys in alphabetical order, so that equal tallies are equal bytes. */
function summed<Key extends string, Value>(
  a: Readonly<Partial<Record<Key, Value>>>,
  b: Readonly<Partial<Record<Key, Value>>>,
  plus: (x: Value, y: Value) => Value,
): Record<Key, Value> {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort() as Key[];
  return Object.fromEntries(
    keys.map((key) => {
      const [x, y] = [a[key], b[key]];
      return [key, x === undefined ? y : y === undefined ? x : plus(x, y)];
    }),
  ) as Record<Key, Value>;
}
