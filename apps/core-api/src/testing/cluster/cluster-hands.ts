import type { TestCluster } from '@biplane/testing';
import { objectPath } from '../../features/cluster/kubernetes/urls.js';
import { refOf, type KubernetesObject, type ObjectRef } from '../../features/cluster/index.js';
import type { InMemoryCluster } from './in-memory-cluster.js';

type Patch = Readonly<Record<string, unknown>>;

/** What everybody else does to a cluster: people at a keyboard, controllers. */
export interface ClusterHands {
  /** A merge patch (RFC 7396) by a manager called `kubectl-edit`. */
  edit(ref: ObjectRef, patch: Patch): Promise<void>;
  create(object: KubernetesObject): Promise<void>;
  remove(ref: ObjectRef): Promise<void>;
  setFinalizers(ref: ObjectRef, finalizers: readonly string[]): Promise<void>;
}

export function realHands(cluster: TestCluster): ClusterHands {
  const merge = (ref: ObjectRef, patch: Patch) => cluster.merge(`${objectPath(ref)}?fieldManager=kubectl-edit`, patch);
  return {
    edit: async (ref, patch) => void (await merge(ref, patch)),
    create: async (object) => {
      const path = objectPath(refOf(object));
      await cluster.create(path.slice(0, path.lastIndexOf('/')), object);
    },
    remove: (ref) => cluster.delete(objectPath(ref)),
    setFinalizers: async (ref, finalizers) => void (await merge(ref, { metadata: { finalizers } })),
  };
}

export function inMemoryHands(cluster: InMemoryCluster): ClusterHands {
  return {
    edit: async (ref, patch) => void cluster.edit(ref, (draft) => void mergePatch(draft, patch)),
    create: async (object) => void cluster.plant(object),
    remove: async (ref) => cluster.remove(ref),
    setFinalizers: async (ref, finalizers) => cluster.setFinalizers(ref, finalizers),
  };
}

function mergePatch(target: Record<string, unknown>, patch: Patch): void {
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete target[name];
    else if (typeof value !== 'object' || Array.isArray(value)) target[name] = structuredClone(value);
    else mergePatch((target[name] ??= {}) as Record<string, unknown>, value as Patch);
  }
}
