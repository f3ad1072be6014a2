import { clip, hoursOf, type Period } from '@biplane/billing-calendar';
import type { Sleep } from './sleep.js';
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

/**
 * Whether nothing of an hour can be outstanding but what its close, if it has one (null: none), speaks of. One that was said before the
 * hour's end holds if no pod of the home ran from then to the end: the last pod says it when it ends as it should, and one that was
 * killed says nothing. An hour without a pod needs none.
 */
export function isSettled({ isEarly }: { readonly isEarly: boolean | null }, sleep: Sleep): boolean {
  if (sleep === 'through') return true;
  return isEarly === false || (isEarly === true && sleep === 'to_end');
}

/**
 * `open`: not over for long enough to be closed; `missing`: its home has not closed it; `mismatched`: core-api does not hold
 * what the home closed; `blocked`: a window of it stands in quarantine and nobody has decided.
 */
export type HourState = 'complete' | 'open' | 'missing' | 'mismatched' | 'blocked';

const HOUR_MS = 3_600_000;
/** A home closes an hour this long after its end. */
export const CLOSE_AFTER_MS = 5 * 60_000;

export function hourState(
  hour: Date,
  known: { readonly closed: boolean; readonly complete: boolean; readonly refused: boolean },
  now: Date,
): HourState {
  if (known.refused) return 'blocked';
  if (known.complete) return 'complete';
  if (known.closed) return 'mismatched';
  return now.getTime() < hour.getTime() + HOUR_MS + CLOSE_AFTER_MS ? 'open' : 'missing';
}
