export const PROVISION_STEPS = [
  'recorded',
  'license_issued',
  'cluster_applied',
  'database_ready',
  'admin_ready',
  'ready',
] as const;
export type ProvisionStep = (typeof PROVISION_STEPS)[number];

/** What the home last reported of the deployment, merged: see the license feature. */
export interface Evidence {
  readonly databaseState: 'pending' | 'creating' | 'migrating' | 'ready' | 'failed' | 'dropped';
  readonly reason: string | null;
  readonly adminBootstrapped: boolean;
}

/** Creating a database takes a second; a quarter of an hour means that someone has to look. */
export const DEADLINE_MS = 15 * 60_000;

/** Recording and issuing happen in the transaction that starts the saga. */
export const DONE_AT_START = 2;

/**
 * Without a cluster no wait could succeed: a deadline would only turn a known cause into a failure. It begins when something
 * is heard of the home.
 */
export function startOf(type: 'shared' | 'container_per_tenant'): {
  readonly steps: readonly ProvisionStep[];
  readonly done: number;
  readonly reason?: string;
  readonly isUnlimited: boolean;
} {
  const done = DONE_AT_START;
  if (type === 'container_per_tenant') return { steps: PROVISION_STEPS, done, reason: 'NO_CLUSTER', isUnlimited: true };
  return { steps: PROVISION_STEPS.filter((step) => step !== 'cluster_applied'), done, isUnlimited: false };
}

/** What the cluster says of a home, as far as it matters here. */
export interface HomeState {
  readonly type: string;
  readonly status: boolean;
  /** A code, such as `IMAGE_PULL`. */
  readonly reason: string;
}

/** Null once the cluster has taken the objects of a home and its pods answer; else the reason why not. */
export function clusterNeeds(conditions: readonly HomeState[]): string | null {
  for (const type of ['Applied', 'Available']) {
    const condition = conditions.find((each) => each.type === type);
    if (!condition?.status) return condition?.reason ?? 'NOT_APPLIED';
  }
  return null;
}

/** What a report shows of a step. */
export function judgeStep(step: string, evidence: Evidence): 'done' | { readonly waitsFor: string } {
  const isReady = evidence.databaseState === 'ready';
  switch (step as ProvisionStep) {
    case 'recorded':
    case 'license_issued':
    case 'cluster_applied': // a home that reports is running: the cluster did its part
      return 'done';
    case 'database_ready':
      return isReady ? 'done' : { waitsFor: databaseNeeds(evidence) };
    case 'admin_ready':
    case 'ready':
      return isReady && evidence.adminBootstrapped ? 'done' : { waitsFor: 'the admin is not bootstrapped yet' };
  }
}

function databaseNeeds({ databaseState, reason }: Evidence): string {
  return databaseState === 'failed' ? (reason ?? 'the database failed') : `the database is ${databaseState}`;
}
