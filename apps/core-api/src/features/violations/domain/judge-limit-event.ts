const FUTURE_MS_MAX = 5 * 60_000;
const AGE_MS_MAX = 35 * 24 * 3_600_000;

export interface JudgedLimitEvent {
  readonly deploymentId: string;
  /** RFC 3339. */
  readonly firstAt: string;
  readonly lastAt: string;
}

export interface JudgedDeployment {
  readonly region: string;
  readonly placements: readonly { readonly homeId: string; readonly from: Date; readonly to: Date | null }[];
}

export type LimitEventFault =
  | 'KEY_MISMATCH'
  | 'DEPLOYMENT_UNKNOWN'
  | 'REGION_MISMATCH'
  | 'HOME_DOES_NOT_SERVE'
  | 'EVENT_DATES'
  | 'EVENT_IN_FUTURE'
  | 'EVENT_TOO_OLD';

/** Whether this home may say this of a deployment, by the placements that core-api itself decided. Null when it may. */
export function limitEventFault(
  event: JudgedLimitEvent,
  said: { readonly key: string | null; readonly region: string; readonly homeId: string | null },
  deployment: JudgedDeployment | undefined,
  now: Date,
): LimitEventFault | null {
  if (said.key !== event.deploymentId) return 'KEY_MISMATCH';
  if (deployment === undefined) return 'DEPLOYMENT_UNKNOWN';
  if (deployment.region !== said.region) return 'REGION_MISMATCH';
  const [first, last] = [Date.parse(event.firstAt), Date.parse(event.lastAt)];
  if (first > last) return 'EVENT_DATES';
  if (last > now.getTime() + FUTURE_MS_MAX) return 'EVENT_IN_FUTURE';
  if (first < now.getTime() - AGE_MS_MAX) return 'EVENT_TOO_OLD';
  const served = deployment.placements.some(
    ({ homeId, from, to }) => homeId === said.homeId && from.getTime() <= last && (to === null || first < to.getTime()),
  );
  return served ? null : 'HOME_DOES_NOT_SERVE';
}
