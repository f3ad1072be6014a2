import type { DedicatedHomeSpec } from '../dedicated-home-spec.js';
import type { KubernetesObject } from '../kubernetes-object.js';
import { homeMetadata } from '../labels.js';
import { NAMES } from '../names.js';

export const TOKEN_KEY = 'token';

/** The one secret of a home in the cluster: with its token it asks the region's pool for all others. */
export function secret(spec: DedicatedHomeSpec): KubernetesObject {
  if (!/^[A-Za-z0-9_-]{16,512}$/.test(spec.enrollmentToken)) throw new Error('An enrollment token is base64url');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: homeMetadata(spec, NAMES.enrollment),
    type: 'Opaque',
    data: { [TOKEN_KEY]: btoa(spec.enrollmentToken) },
  };
}
