import type { HomeId } from '@biplane/kernel';
import { hourMs, hourOf, type Placement } from './window.js';

/** One hour of one home that a bill needs and that core-api does not hold in full. */
export interface MissingHour {
  readonly homeId: HomeId;
  readonly hour: Date;
}

/** Half-open. */
interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** The UTC hours that a span touches, in order. */
export function hoursOfSpan(span: Span): Date[] {
  const hours: Date[] = [];
  for (let at = hourOf(span.from).getTime(); at < span.to.getTime(); at += hourMs) hours.push(new Date(at));
  return hours;
}

/**
 * The hours that every home which served a deployment must have closed before its period is complete, less those
 * that `isComplete` vouches for. A home is awaited only while it served: its placement, cut to the period.
 */
export function missingHours(
  period: Span,
  placements: readonly Placement[],
  isComplete: (homeId: HomeId, hour: Date) => boolean,
): MissingHour[] {
  return placements.flatMap((placement) => {
    const served = cut(placement, period);
    if (served === null) return [];
    return hoursOfSpan(served)
      .filter((hour) => !isComplete(placement.homeId, hour))
      .map((hour) => ({ homeId: placement.homeId, hour }));
  });
}

function cut(placement: Placement, period: Span): Span | null {
  const from = placement.from > period.from ? placement.from : period.from;
  const to = placement.to !== null && placement.to < period.to ? placement.to : period.to;
  return from < to ? { from, to } : null;
}
