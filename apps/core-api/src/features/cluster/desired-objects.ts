import { createHash } from 'node:crypto';
import { buildObjects } from './domain/build-objects.js';
import type { ClusterSettings } from './domain/cluster-settings.js';
import type { DedicatedHomeSpec } from './domain/dedicated-home-spec.js';
import type { KubernetesObject } from './domain/kubernetes-object.js';

/** All objects of one home, in the order in which they are applied: the same for the same arguments, always. */
export function desiredObjects(spec: DedicatedHomeSpec, settings: ClusterSettings): readonly KubernetesObject[] {
  return buildObjects(spec, settings, (text) => createHash('sha256').update(text).digest('hex'));
}
