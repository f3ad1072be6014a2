import {
  homeSelector,
  namespaceName,
  OWNED_KINDS,
  READ_KINDS,
  refOf,
  refText,
  type ClusterGateway,
  type KubernetesObject,
} from '../cluster/index.js';
import type { PodStatus, StatusCondition, WorkloadStatus } from './domain/availability.js';

const CALLS_AT_ONCE = 4;

/** What a home has in the cluster. */
export interface ObservedHome {
  /** Everything of the names that are desired, and everything with the home's label. */
  readonly objects: readonly KubernetesObject[];
  readonly pods: readonly KubernetesObject[];
}

/** Without its namespace nothing else of a home can be there: then nothing else is asked for. */
export async function observeHome(
  gateway: ClusterGateway,
  platform: string,
  homeId: string,
  desired: readonly KubernetesObject[],
): Promise<ObservedHome> {
  const name = namespaceName(homeId);
  const namespace = await gateway.get({ apiVersion: 'v1', kind: 'Namespace', name });
  if (namespace === null) return { objects: [], pods: [] };
  const labels = homeSelector(platform, homeId);
  const inside = [...OWNED_KINDS, ...READ_KINDS].filter(({ namespaced }) => namespaced);
  const lists = await inTurns(inside, ({ kind }) => gateway.list({ kind, namespace: name, labels }));
  const found = [namespace, ...lists.flat()];
  const known = new Set(found.map((object) => refText(refOf(object))));
  const missing = desired.map(refOf).filter((ref) => !known.has(refText(ref)));
  const unlabelled = await inTurns(missing, (ref) => gateway.get(ref));
  const objects = [...found, ...unlabelled.filter((object) => object !== null)];
  return { objects: objects.filter(({ kind }) => kind !== 'Pod'), pods: objects.filter(({ kind }) => kind === 'Pod') };
}

/** The same for many things, a few at a time. */
async function inTurns<T, R>(items: readonly T[], call: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += CALLS_AT_ONCE) {
    const turn = await Promise.all(items.slice(at, at + CALLS_AT_ONCE).map(call));
    results.push(...turn);
  }
  return results;
}

export function workloadOf(objects: readonly KubernetesObject[]): WorkloadStatus | null {
  const deployment = objects.find(({ kind }) => kind === 'Deployment');
  if (!deployment) return null;
  const status = (deployment['status'] ?? {}) as Partial<Record<keyof WorkloadStatus, number>> & {
    conditions?: unknown;
  };
  return {
    generation: deployment.metadata.generation ?? 0,
    observedGeneration: status.observedGeneration ?? 0,
    replicas: (deployment['spec'] as { replicas?: number } | undefined)?.replicas ?? 0,
    updatedReplicas: status.updatedReplicas ?? 0,
    availableReplicas: status.availableReplicas ?? 0,
    conditions: conditionsOf(status.conditions),
  };
}

interface ContainerState {
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

export function podOf(pod: KubernetesObject): PodStatus {
  const status = (pod['status'] ?? {}) as { conditions?: unknown; containerStatuses?: readonly ContainerState[] };
  return {
    name: pod.metadata.name,
    conditions: conditionsOf(status.conditions),
    waiting: (status.containerStatuses ?? []).flatMap(({ state }) =>
      state?.waiting ? [{ reason: state.waiting.reason ?? '', message: state.waiting.message ?? '' }] : [],
    ),
  };
}

/** Of a namespace, a Deployment or a pod. */
export function conditionsOf(conditions: unknown): readonly StatusCondition[] {
  const list = Array.isArray(conditions) ? (conditions as Partial<StatusCondition>[]) : [];
  return list.map(({ type = '', status = '', reason = '', message = '' }) => ({ type, status, reason, message }));
}
