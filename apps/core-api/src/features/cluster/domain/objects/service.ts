import type { ClusterSettings } from '../cluster-settings.js';
import type { DedicatedHomeSpec } from '../dedicated-home-spec.js';
import type { KubernetesObject } from '../kubernetes-object.js';
import { homeMetadata, podSelector } from '../labels.js';
import { NAMES } from '../names.js';

export const SERVICE_PORT = 80;

/** Of the public listener alone: /internal is not reached through it, nor through the route that leads here. */
export function service(spec: DedicatedHomeSpec): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: homeMetadata(spec, NAMES.workload),
    spec: {
      type: 'ClusterIP',
      selector: podSelector(spec),
      ports: [{ name: 'http', port: SERVICE_PORT, targetPort: 'http', protocol: 'TCP' }],
    },
  };
}

/** For tenant services that ask the gate, by a name and a port as the pool has them; the policy says who they are. */
export function internalService(spec: DedicatedHomeSpec, { internalPort }: ClusterSettings): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: homeMetadata(spec, NAMES.internal),
    spec: {
      type: 'ClusterIP',
      selector: podSelector(spec),
      ports: [{ name: 'internal', port: internalPort, targetPort: 'internal', protocol: 'TCP' }],
    },
  };
}
