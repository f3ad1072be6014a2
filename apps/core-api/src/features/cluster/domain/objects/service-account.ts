import type { DedicatedHomeSpec } from '../dedicated-home-spec.js';
import type { KubernetesObject } from '../kubernetes-object.js';
import { homeMetadata } from '../labels.js';
import { NAMES } from '../names.js';

/** A home never talks to the cluster: no token is mounted. */
export function serviceAccount(spec: DedicatedHomeSpec): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: homeMetadata(spec, NAMES.workload),
    automountServiceAccountToken: false,
  };
}
