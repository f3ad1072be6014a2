import type { V1ConfigMap, V1Pod, V1Secret } from '@kubernetes/client-node';
import { ApiError, type ApiClient } from '../api/client.js';
import { HOST_IP } from '../pods/pod-runner.js';
import { referredNames } from '../pods/referred-names.js';
import type { VolumeReferences } from '../pods/volumes.js';

/** Reads what a pod refers to from the API server, and asks it for tokens of the pod's service account. */
export async function clusterReferences(client: ApiClient, pod: V1Pod, podIp: string): Promise<VolumeReferences> {
  const namespace = `/api/v1/namespaces/${pod.metadata?.namespace}`;
  const names = referredNames(pod);
  const read = async <T>(kind: string, wanted: ReadonlySet<string>) => {
    const found = await Promise.all(
      [...wanted].map(async (name) => [name, await optional<T>(client, `${namespace}/${kind}/${name}`)] as const),
    );
    return new Map(found);
  };
  const [configMaps, secrets] = await Promise.all([
    read<V1ConfigMap>('configmaps', names.configMaps),
    read<V1Secret>('secrets', names.secrets),
  ]);
  return {
    configMap: (name) => configMaps.get(name) ?? null,
    secret: (name) => secrets.get(name) ?? null,
    podIp,
    hostIp: HOST_IP,
    token: async (audience, expirationSeconds) => {
      const account = pod.spec?.serviceAccountName ?? 'default';
      const { name, uid } = pod.metadata ?? {};
      const answer = await client.json<{ status: { token: string } }>(
        'POST',
        `${namespace}/serviceaccounts/${account}/token`,
        {
          body: {
            apiVersion: 'authentication.k8s.io/v1',
            kind: 'TokenRequest',
            spec: {
              expirationSeconds,
              ...(audience ? { audiences: [audience] } : {}),
              boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
            },
          },
        },
      );
      return answer.status.token;
    },
  };
}

async function optional<T>(client: ApiClient, path: string): Promise<T | null> {
  try {
    return await client.json<T>('GET', path);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
