import type { Seen } from './seen.js';

/** What is read of the status of a Deployment. */
export interface WorkloadStatus {
  readonly generation: number;
  readonly observedGeneration: number;
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly availableReplicas: number;
  readonly conditions: readonly StatusCondition[];
}

export interface StatusCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Why a pod does not run, as its status says. */
export interface PodStatus {
  readonly name: string;
  readonly conditions: readonly StatusCondition[];
  /** Of containers that wait, or have ended. */
  readonly waiting: readonly { readonly reason: string; readonly message: string }[];
}

type Cause = Pick<Seen, 'reason' | 'message'>;

const WAITING: Readonly<Record<string, string>> = {
  ErrImagePull: 'IMAGE_PULL',
  ImagePullBackOff: 'IMAGE_PULL',
  InvalidImageName: 'IMAGE_PULL',
  ErrImageNeverPull: 'IMAGE_PULL',
  CrashLoopBackOff: 'CRASH_LOOP',
  CreateContainerConfigError: 'CONTAINER_CONFIG',
  CreateContainerError: 'CONTAINER_CONFIG',
  RunContainerError: 'CONTAINER_CONFIG',
};

/** Whether a home that shall run (or be stopped) does, and if not, the most telling cause that the cluster gives. */
export function availability(
  desired: 'running' | 'stopped',
  workload: WorkloadStatus | null,
  pods: readonly PodStatus[],
): Seen {
  const is = (status: boolean, { reason, message }: Cause): Seen => ({
    type: 'Available',
    status,
    reason,
    message,
  });
  if (workload === null) return is(false, { reason: 'NOT_APPLIED', message: null });
  if (desired === 'stopped') {
    const isStopped = isObserved(workload) && workload.replicas === 0 && pods.length === 0;
    return is(false, { reason: isStopped ? 'STOPPED' : 'STOPPING', message: null });
  }
  const available = workload.conditions.find(({ type }) => type === 'Available')?.status === 'True';
  const isComplete = isObserved(workload) && workload.updatedReplicas === workload.replicas && workload.replicas > 0;
  if (available && isComplete && workload.availableReplicas >= workload.replicas) {
    return is(true, { reason: 'AVAILABLE', message: null });
  }
  const isServing = available && workload.availableReplicas > 0;
  return is(
    isServing,
    refused(workload) ?? podsCause(pods) ?? overdue(workload) ?? { reason: 'ROLLING_OUT', message: null },
  );
}

function isObserved({ generation, observedGeneration }: WorkloadStatus): boolean {
  return observedGeneration >= generation;
}

/** No pod could be made: a quota is used up, or Pod Security refuses it. */
function refused({ conditions }: WorkloadStatus): Cause | null {
  const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (!failure) return null;
  return { reason: refusalCode(failure.message) ?? 'POD_REFUSED', message: failure.message };
}

/** What a refusal of the API server is about, by its words: they have been the same for years, its codes say less. */
export function refusalCode(message: string): 'QUOTA_EXCEEDED' | 'POD_SECURITY' | null {
  if (/exceeded quota/i.test(message)) return 'QUOTA_EXCEEDED';
  return /violates PodSecurity/i.test(message) ? 'POD_SECURITY' : null;
}

function podsCause(pods: readonly PodStatus[]): Cause | null {
  for (const { name, waiting, conditions } of pods) {
    for (const { reason, message } of waiting) {
      const code = WAITING[reason];
      if (code) return { reason: code, message: `${name}: ${reason} ${message}`.trim() };
    }
    const unscheduled = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
    if (unscheduled?.reason === 'Unschedulable') return { reason: 'UNSCHEDULABLE', message: unscheduled.message };
  }
  return null;
}

function overdue({ conditions }: WorkloadStatus): Cause | null {
  const progressing = conditions.find(({ type, status }) => type === 'Progressing' && status === 'False');
  return progressing ? { reason: 'ROLLOUT_OVERDUE', message: progressing.message } : null;
}
