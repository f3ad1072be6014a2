import type { DedicatedHomeSpec } from '../dedicated-home-spec.js';
import type { KubernetesObject } from '../kubernetes-object.js';
import { homeMetadata, podSelector } from '../labels.js';
import { NAMES } from '../names.js';

export const SERVICE_PORT = 80;

/** Of the public listener alone: /internal is not reached through it. */
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
