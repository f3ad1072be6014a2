import type { V1ContainerState, V1ContainerStatus, V1Pod, V1PodCondition, V1PodStatus } from '@kubernetes/client-node';

/** What is known of one container. */
export interface ContainerFacts {
  readonly name: string;
  readonly image: string;
  readonly restartCount: number;
  readonly started: boolean;
  readonly ready: boolean;
  readonly state: V1ContainerState;
  readonly lastState: V1ContainerState | undefined;
}

export interface PodFacts {
  readonly podIp: string;
  readonly hostIp: string;
  readonly startTime: Date;
  readonly init: readonly ContainerFacts[];
  readonly containers: readonly ContainerFacts[];
}

type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** The status that a pod has by what its containers do; `before` is the one told last, `now` dates what changed. */
export function podStatus(pod: V1Pod, facts: PodFacts, before: V1PodStatus | undefined, now: Date): V1PodStatus {
  const phase = phaseOf(pod, facts);
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const isInitialized = facts.init.every(({ state }) => state.terminated?.exitCode === 0);
  const areReady = facts.containers.every(({ ready }) => ready);
  const unready = facts.containers.filter(({ ready }) => !ready).map(({ name }) => name);
  const why = isOver
    ? { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const condition = (type: string, holds: boolean, otherwise: { reason: string; message?: string }): V1PodCondition => {
    const status = holds ? 'True' : 'False';
    const known = before?.conditions?.find((candidate) => candidate.type === type);
    const since = known?.status === status ? known.lastTransitionTime : undefined;
    return { type, status, lastTransitionTime: since ?? now, ...(holds ? {} : otherwise) };
  };
  return {
    phase,
    hostIP: facts.hostIp,
    podIP: facts.podIp,
    podIPs: [{ ip: facts.podIp }],
    startTime: facts.startTime,
    conditions: [
      condition('PodReadyToStartContainers', !isOver, { reason: 'PodCompleted' }),
      condition('Initialized', isInitialized, { reason: 'ContainersNotInitialized' }),
      condition('ContainersReady', areReady && !isOver, why),
      condition('Ready', areReady && !isOver, why),
    ],
    initContainerStatuses: facts.init.map(statusOf),
    containerStatuses: facts.containers.map(statusOf),
  };
}

export function phaseOf(pod: V1Pod, { init, containers }: Pick<PodFacts, 'init' | 'containers'>): Phase {
  const policy = pod.spec?.restartPolicy ?? 'Always';
  if (policy === 'Never' && init.some(({ state }) => (state.terminated?.exitCode ?? 0) !== 0)) return 'Failed';
  if (init.some(({ state }) => state.terminated?.exitCode !== 0)) return 'Pending';
  const ends = containers.map(({ state }) => state.terminated?.exitCode);
  if (policy !== 'Always' && ends.every((code) => code !== undefined)) {
    if (ends.every((code) => code === 0)) return 'Succeeded';
    if (policy === 'Never') return 'Failed';
  }
  const hasRun = containers.some(({ state, lastState }) => state.running ?? state.terminated ?? lastState);
  return hasRun ? 'Running' : 'Pending';
}

/** Ready, and not on its way out. */
export function isPodReady({ metadata, status }: V1Pod): boolean {
  const isSo = (status?.conditions ?? []).some(({ type, status: holds }) => type === 'Ready' && holds === 'True');
  return isSo && metadata?.deletionTimestamp === undefined;
}

function statusOf(facts: ContainerFacts): V1ContainerStatus {
  return {
    name: facts.name,
    image: facts.image,
    imageID: facts.image,
    restartCount: facts.restartCount,
    ready: facts.ready,
    started: facts.started,
    state: facts.state,
    ...(facts.lastState ? { lastState: facts.lastState } : {}),
  };
}
