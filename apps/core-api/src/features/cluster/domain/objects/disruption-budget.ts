import type { DedicatedHomeSpec } from '../dedicated-home-spec.js';
import type { KubernetesObject } from '../kubernetes-object.js';
import { homeMetadata, podSelector } from '../labels.js';
import { NAMES } from '../names.js';

/** One replica may go at a time: a home of one replica does not hold up the draining of a node. */
export function disruptionBudget(spec: DedicatedHomeSpec): KubernetesObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: homeMetadata(spec, NAMES.workload),
    spec: { maxUnavailable: 1, selector: { matchLabels: podSelector(spec) } },
  };
}
