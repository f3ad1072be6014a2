import type { IngressSettings } from '../cluster-settings.js';
import type { DedicatedHomeSpec } from '../dedicated-home-spec.js';
import type { KubernetesObject } from '../kubernetes-object.js';
import { homeMetadata } from '../labels.js';
import { NAMES } from '../names.js';

function tlsOf({ host }: DedicatedHomeSpec, { tls }: IngressSettings): readonly unknown[] {
  if (tls === 'none') return [];
  return [{ hosts: [host], ...(tls === 'issued' && { secretName: NAMES.certificate }) }];
}

export function ingress(spec: DedicatedHomeSpec, route: IngressSettings): KubernetesObject {
  const metadata = homeMetadata(spec, NAMES.workload);
  const tls = tlsOf(spec, route);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { ...metadata, annotations: { ...route.annotations, ...metadata.annotations } },
    spec: {
      ingressClassName: route.className,
      ...(tls.length > 0 && { tls }),
      rules: [
        {
          host: spec.host,
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name: NAMES.workload, port: { name: 'http' } } },
              },
            ],
          },
        },
      ],
    },
  };
}
