import { clip, hoursOf, type Period } from '@biplane/billing-calendar';
import type { Placement } from './window.js';

/** One hour of one home. */
export interface HomeHour {
  readonly homeId: string;
  readonly hour: Date;
}

/**
 * The hours that every home which served must have closed before the period is complete, less those that `isComplete`
 * vouches for. A home is awaited only while it served: its placements, united and cut to the period.
 */
export function missingHours(
  period: Period,
  placements: readonly Placement[],
  isComplete: (homeId: string, hour: Date) => boolean,
): HomeHour[] {
  return servedHours(period, placements).filter(({ homeId, hour }) => !isComplete(homeId, hour));
}

/** Every hour that some home must close for the period, each once. */
export function servedHours(period: Period, placements: readonly Placement[]): HomeHour[] {
  const homes = [...new Set(placements.map(({ homeId }) => homeId))];
  return homes.flatMap((homeId) =>
    clip(
      placements.filter((placement) => placement.homeId === homeId),
      period,
    )
      .flatMap(hoursOf)
      .map((hour) => ({ homeId, hour: hour.from })),
  );
}
