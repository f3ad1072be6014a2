/** In the order in which a deployment ends: no step begins before the one above it was seen to be done. */
export const RETIRE_STEPS = [
  'ended',
  'drained',
  'windows_closed',
  'invoiced',
  'license_revoked',
  'retention_over',
  'data_dropped',
  'archived',
  'home_gone',
  'tombstoned',
] as const;
export type RetireStep = (typeof RETIRE_STEPS)[number];

const [HOUR_MS, DAY_MS] = [3_600_000, 24 * 3_600_000];
/** A month that has just begun, the days that its usage may be late, and some. */
const MONTH_MS = 45 * DAY_MS;

/** What is awaited of others has a deadline; what waits for a day that is known has none. */
const DEADLINES_MS: Readonly<Record<RetireStep, number | null>> = {
  ended: null,
  drained: HOUR_MS,
  windows_closed: MONTH_MS,
  invoiced: MONTH_MS,
  license_revoked: HOUR_MS,
  retention_over: null,
  data_dropped: DAY_MS,
  archived: HOUR_MS,
  home_gone: HOUR_MS,
  tombstoned: HOUR_MS,
};

export function deadlineMs(step: string): number | null {
  return DEADLINES_MS[step as RetireStep];
}

/** A pool stays; what a deployment had for itself goes with it. */
export function stepsOf(hasOwnHome: boolean): readonly RetireStep[] {
  return hasOwnHome ? RETIRE_STEPS : RETIRE_STEPS.filter((step) => step !== 'home_gone');
}

/** What a step came to: done, or what it waits for and when to look again. */
export type Outcome =
  | { readonly isDone: true; readonly note: string | null }
  | { readonly isDone: false; readonly waitsFor: string; readonly lookAgainAt: Date };

/** How soon what a home reports every half minute is looked for. */
export const LOOK_MS = 5_000;
/** How soon what takes hours is looked for. */
export const LOOK_SLOWLY_MS = 60_000;

export function done(note: string | null = null): Outcome {
  return { isDone: true, note };
}

export function waits(waitsFor: string, lookAgainAt: Date): Outcome {
  return { isDone: false, waitsFor, lookAgainAt };
}

export interface License {
  readonly status: string;
  readonly isEnforced: boolean;
  readonly purgeAfter: Date | null;
  readonly report: { readonly databaseState: string; readonly reason: string | null } | null;
}

/** It works to the end of what was promised, if it was cancelled before. */
export function judgeEnded(endedAt: Date | null, now: Date): Outcome {
  if (endedAt === null || endedAt <= now) return done();
  return waits(`it works until ${endedAt.toISOString()}, as was promised`, endedAt);
}

/**
 * Nobody works with it any more: its home is known to enforce the license that stops it, or was seen without a pod. One that
 * sleeps reports nothing, and whatever starts in it reads the newest license first.
 */
export function judgeDrained(
  license: License | null,
  { isAsleep, isGivenUp }: { readonly isAsleep: boolean; readonly isGivenUp: boolean },
  now: Date,
): Outcome {
  if (license === null) return done('it never had a license');
  if (license.status === 'active') return waits('its license is still active', after(now, LOOK_MS));
  if (license.isEnforced) return done();
  if (isAsleep) return done('its home sleeps: it has no pod');
  if (isGivenUp) return done(GIVEN_UP);
  return waits('its home is not known to enforce the license that stops it', after(now, LOOK_MS));
}

/** Every hour that its homes served is counted, or it is past the day on which a bill would not wait any longer. */
export function judgeWindows(
  facts: { readonly missingHours: number; readonly cutoffAt: Date; readonly isGivenUp: boolean },
  now: Date,
): Outcome {
  const { missingHours, cutoffAt, isGivenUp } = facts;
  if (missingHours === 0) return done();
  const missing = `${missingHours} hours are not closed by its home`;
  if (isGivenUp) return done(`${missing}: ${GIVEN_UP}`);
  if (now >= cutoffAt) return done(`${missing}, and it is past the cut-off`);
  return waits(missing, earlier(cutoffAt, after(now, LOOK_SLOWLY_MS)));
}

export function judgeRevoked(license: License | null, isGivenUp: boolean, now: Date): Outcome {
  if (license === null) return done('it never had a license');
  if (license.status === 'revoked' && license.isEnforced) return done();
  if (license.status === 'revoked' && isGivenUp) return done(GIVEN_UP);
  return waits('its home is not known to enforce that it is revoked', after(now, LOOK_MS));
}

export function judgeRetention(license: License | null, now: Date): Outcome {
  if (license === null) return done('there is nothing to keep');
  if (license.purgeAfter === null) throw new Error('A revoked license says until when its data is kept');
  const { purgeAfter } = license;
  return now >= purgeAfter ? done() : waits(`its data is kept until ${purgeAfter.toISOString()}`, purgeAfter);
}

export function judgeDropped(license: License | null, isGivenUp: boolean, now: Date): Outcome {
  if (license === null) return done('there is nothing to drop');
  const { report } = license;
  if (report?.databaseState === 'dropped') return done();
  if (isGivenUp) return done(GIVEN_UP);
  const said = report === null ? 'nothing was ever reported' : `it was last ${report.databaseState}`;
  return waits(`its data is not reported dropped: ${report?.reason ?? said}`, after(now, LOOK_SLOWLY_MS));
}

export function judgeGone(
  homes: readonly { readonly homeId: string; readonly reason: string | null }[],
  isGivenUp: boolean,
  now: Date,
): Outcome {
  const [left] = homes;
  if (left === undefined) return done();
  if (isGivenUp) return done(GIVEN_UP);
  return waits(`home ${left.homeId} is still there: ${left.reason ?? 'NOT_SEEN'}`, after(now, LOOK_SLOWLY_MS));
}

const GIVEN_UP = 'its home was given up by an operator';

function after(now: Date, millis: number): Date {
  return new Date(now.getTime() + millis);
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
