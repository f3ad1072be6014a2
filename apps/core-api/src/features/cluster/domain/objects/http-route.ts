import type { HttpRouteSettings } from '../cluster-settings.js';
import type { DedicatedHomeSpec } from '../dedicated-home-spec.js';
import type { KubernetesObject } from '../kubernetes-object.js';
import { homeMetadata } from '../labels.js';
import { NAMES } from '../names.js';
import { SERVICE_PORT } from './service.js';

/** With what the API server would fill in: its lists are compared as a whole. */
export function httpRoute(spec: DedicatedHomeSpec, { gateway }: HttpRouteSettings): KubernetesObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: homeMetadata(spec, NAMES.workload),
    spec: {
      parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', ...gateway }],
      hostnames: [spec.host],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ group: '', kind: 'Service', name: NAMES.workload, port: SERVICE_PORT, weight: 1 }],
        },
      ],
    },
  };
}
