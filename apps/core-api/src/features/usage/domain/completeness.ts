import type { HomeId } from '@biplane/kernel';
import { clip, hoursOf, type Period } from '@biplane/billing-calendar';
import type { Placement } from './window.js';

/** One hour of one home that a bill needs and that core-api does not hold in full. */
export interface MissingHour {
  readonly homeId: HomeId;
  readonly hour: Date;
}

/**
 * The hours that every home which served a deployment must have closed before its period is complete, less those
 * that `isComplete` vouches for. A home is awaited only while it served: its placement, cut to the period.
 */
export function missingHours(
  period: Period,
  placements: readonly Placement[],
  isComplete: (homeId: HomeId, hour: Date) => boolean,
): MissingHour[] {
  return placements.flatMap((placement) =>
    clip([placement], period)
      .flatMap(hoursOf)
      .filter((hour) => !isComplete(placement.homeId, hour.from))
      .map((hour) => ({ homeId: placement.homeId, hour: hour.from })),
  );
}
