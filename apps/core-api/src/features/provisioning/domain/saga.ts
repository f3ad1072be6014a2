export type StepName = 'recorded' | 'license_issued' | 'cluster_applied' | 'database_ready' | 'admin_ready' | 'ready';
export type StepState = 'pending' | 'running' | 'succeeded' | 'failed';

export interface Step {
  readonly name: StepName;
  readonly state: StepState;
  readonly attempts: number;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly reason: string | null;
}

export interface Saga {
  readonly state: 'running' | 'succeeded' | 'failed';
  readonly reason: string | null;
  readonly steps: readonly Step[];
  /** Null when nothing but the outside can bring it on, without limit. */
  readonly deadlineAt: Date | null;
  readonly endedAt: Date | null;
}

/** What the home last reported of the deployment, merged: see the license feature. */
export interface Evidence {
  readonly databaseState: 'pending' | 'creating' | 'migrating' | 'ready' | 'failed' | 'dropped';
  readonly reason: string | null;
  readonly adminBootstrapped: boolean;
}

/** Creating a database takes a second; a quarter of an hour means that someone has to look. */
export const DEADLINE_MS = 15 * 60_000;

const SHARED: readonly StepName[] = ['recorded', 'license_issued', 'database_ready', 'admin_ready', 'ready'];
const DEDICATED: readonly StepName[] = [
  'recorded',
  'license_issued',
  'cluster_applied',
  'database_ready',
  'admin_ready',
  'ready',
];

/** Recording and issuing happen in the transaction that starts the saga, so they are done when it is first seen. */
export function startSaga(type: 'shared' | 'container_per_tenant', now: Date): Saga {
  const names = type === 'shared' ? SHARED : DEDICATED;
  const steps = names.map((name, position): Step => {
    if (position < 2) return { name, state: 'succeeded', attempts: 1, startedAt: now, endedAt: now, reason: null };
    if (position > 2) return { name, state: 'pending', attempts: 0, startedAt: null, endedAt: null, reason: null };
    const reason = name === 'cluster_applied' ? 'NO_CLUSTER' : null;
    return { name, state: 'running', attempts: 1, startedAt: now, endedAt: null, reason };
  });
  // Without a cluster no wait could succeed: a deadline would only turn a known cause into a failure.
  const deadlineAt = type === 'shared' ? new Date(now.getTime() + DEADLINE_MS) : null;
  return { state: 'running', reason: null, steps, deadlineAt, endedAt: null };
}

/** Goes as far as the evidence carries, never back. A finished saga stays what it is; a failed one may still arrive. */
export function advanceSaga(saga: Saga, evidence: Evidence, now: Date): Saga {
  if (saga.state === 'succeeded') return saga;
  const steps = [...saga.steps];
  for (let position = 0; position < steps.length; position += 1) {
    const step = steps[position]!;
    if (step.state === 'succeeded') continue;
    if (isShown(step.name, evidence)) {
      steps[position] = {
        ...step,
        state: 'succeeded',
        startedAt: step.startedAt ?? now,
        endedAt: now,
        reason: null,
        attempts: Math.max(1, step.attempts),
      };
      continue;
    }
    steps[position] = {
      ...step,
      state: 'running',
      startedAt: step.startedAt ?? now,
      endedAt: null,
      reason: waitingFor(step, evidence),
      attempts: Math.max(1, step.attempts),
    };
    return { ...saga, state: 'running', reason: null, steps };
  }
  return { ...saga, state: 'succeeded', reason: null, steps, deadlineAt: null, endedAt: now };
}

/** Past its deadline the saga fails with the cause that it waits for; what arrives later still completes it. */
export function expireSaga(saga: Saga, now: Date): Saga {
  if (saga.state !== 'running' || saga.deadlineAt === null || now < saga.deadlineAt) return saga;
  const waiting = saga.steps.find((step) => step.state === 'running');
  const reason = `${waiting?.name ?? 'provisioning'}: ${waiting?.reason ?? 'the home did not report in time'}`;
  const steps = saga.steps.map((step): Step =>
    step.state === 'running' ? { ...step, state: 'failed', endedAt: now, reason } : step,
  );
  return { ...saga, state: 'failed', reason, steps, deadlineAt: null, endedAt: now };
}

/** Starts the failed step once more, with a new deadline. Only a failed saga can be retried. */
export function retrySaga(saga: Saga, now: Date): Saga | null {
  if (saga.state !== 'failed') return null;
  const steps = saga.steps.map((step): Step =>
    step.state === 'failed'
      ? { ...step, state: 'running', attempts: step.attempts + 1, startedAt: now, endedAt: null, reason: null }
      : step,
  );
  return { state: 'running', reason: null, steps, deadlineAt: new Date(now.getTime() + DEADLINE_MS), endedAt: null };
}

/** The deployment's phase: the last step done, or `failed`. */
export function phaseOf(saga: Saga): StepName | 'failed' {
  if (saga.state === 'failed') return 'failed';
  return saga.steps.filter((step) => step.state === 'succeeded').at(-1)?.name ?? 'recorded';
}

function isShown(name: StepName, evidence: Evidence): boolean {
  switch (name) {
    case 'recorded':
    case 'license_issued':
    case 'cluster_applied': // a home that reports is running: the cluster did its part
      return true;
    case 'database_ready':
      return evidence.databaseState === 'ready';
    case 'admin_ready':
    case 'ready':
      return evidence.databaseState === 'ready' && evidence.adminBootstrapped;
  }
}

function waitingFor(step: Step, evidence: Evidence): string {
  if (step.name !== 'database_ready') return 'the admin is not bootstrapped yet';
  return evidence.databaseState === 'failed'
    ? (evidence.reason ?? 'the database failed')
    : `the database is ${evidence.databaseState}`;
}
