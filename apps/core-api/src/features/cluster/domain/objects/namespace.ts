import type { DedicatedHomeSpec } from '../dedicated-home-spec.js';
import type { KubernetesObject } from '../kubernetes-object.js';
import { ANNOTATIONS, homeLabels } from '../labels.js';
import { namespaceName } from '../names.js';

const POD_SECURITY = 'pod-security.kubernetes.io';

/** Restricted Pod Security, refused and warned about; what its license says stands in its annotations. */
export function namespace(spec: DedicatedHomeSpec): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: namespaceName(spec.homeId),
      labels: {
        ...homeLabels(spec),
        ...Object.fromEntries(
          ['enforce', 'audit', 'warn'].flatMap((mode) => [
            [`${POD_SECURITY}/${mode}`, 'restricted'],
            [`${POD_SECURITY}/${mode}-version`, 'latest'],
          ]),
        ),
      },
      annotations: {
        [ANNOTATIONS.epoch]: String(spec.epoch),
        [ANNOTATIONS.modules]: [...spec.modules].sort().join(','),
        ...(spec.suspendedAt && { [ANNOTATIONS.suspendedAt]: spec.suspendedAt.toISOString() }),
      },
    },
  };
}
