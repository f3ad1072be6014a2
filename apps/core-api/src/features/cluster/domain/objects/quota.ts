import type { ClusterSettings } from '../cluster-settings.js';
import type { DedicatedHomeSpec } from '../dedicated-home-spec.js';
import type { KubernetesObject } from '../kubernetes-object.js';
import { homeMetadata } from '../labels.js';
import { NAMES } from '../names.js';
import { timesQuantity } from '../quantity.js';

/** Room for all replicas while as many of them are still stopping, and one more that a roll-out starts first. */
const podsMax = (replicasMax: number): number => 2 * replicasMax + 1;

/** What a home can use at most, whatever runs in it; no volume, and no address of its own outside. */
export function resourceQuota(spec: DedicatedHomeSpec, settings: ClusterSettings): KubernetesObject {
  const pods = podsMax(settings.replicasMax);
  const { requests, limits } = settings.resources;
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: homeMetadata(spec, NAMES.quota),
    spec: {
      hard: {
        pods: String(pods),
        'requests.cpu': timesQuantity(requests.cpu, pods),
        'requests.memory': timesQuantity(requests.memory, pods),
        'limits.cpu': timesQuantity(limits.cpu, pods),
        'limits.memory': timesQuantity(limits.memory, pods),
        persistentvolumeclaims: '0',
        'services.loadbalancers': '0',
        'services.nodeports': '0',
      },
    },
  };
}

/** A container without amounts of its own gets those of a replica, and none gets more. */
export function limitRange(spec: DedicatedHomeSpec, settings: ClusterSettings): KubernetesObject {
  const { requests, limits } = settings.resources;
  return {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: homeMetadata(spec, NAMES.limits),
    spec: { limits: [{ type: 'Container', defaultRequest: requests, default: limits, max: limits }] },
  };
}
