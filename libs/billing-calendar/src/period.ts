/** A half-open stretch of time: `from` belongs to it, `to` does not. Stored and compared as UTC instants. */
export interface Period {
  readonly from: Date;
  readonly to: Date;
}

/** A period whose end may be open: it lasts until whatever period it is looked at in. */
export interface OpenPeriod {
  readonly from: Date;
  readonly to: Date | null;
}

/** A period of epoch milliseconds. An end before the start is a bug; an empty period is not. */
export function periodOf(fromMs: number, toMs: number): Period {
  if (!(fromMs <= toMs)) throw new RangeError(`A period cannot run from ${fromMs} to ${toMs}`);
  return { from: new Date(fromMs), to: new Date(toMs) };
}

export function durationMs(period: Period): number {
  return period.to.getTime() - period.from.getTime();
}

export function isEmpty(period: Period): boolean {
  return durationMs(period) === 0;
}

export function contains(period: Period, instant: Date): boolean {
  return period.from <= instant && instant < period.to;
}

/** What two periods share, or null when they share no instant; periods that merely touch share none. */
export function intersection(a: Period, b: Period): Period | null {
  const from = Math.max(a.from.getTime(), b.from.getTime());
  const to = Math.min(a.to.getTime(), b.to.getTime());
  return from < to ? periodOf(from, to) : null;
}
