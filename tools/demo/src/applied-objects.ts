import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testCluster } from '@biplane/testing';
import type { DemoContext } from './context.js';
import { insist } from './expect.js';

/** What the reconciler has applied for a home. */
export interface AppliedObjects {
  /** The kind of each object. */
  readonly kinds: readonly string[];
  /** Where a person finds them. */
  readonly where: string;
}

interface Listed {
  readonly items: readonly object[];
}

/** Where a namespaced kind is listed. */
const lists: Readonly<Record<string, string>> = {
  ResourceQuota: '/api/v1',
  LimitRange: '/api/v1',
  NetworkPolicy: '/apis/networking.k8s.io/v1',
  ServiceAccount: '/api/v1',
  Secret: '/api/v1',
  ConfigMap: '/api/v1',
  Service: '/api/v1',
  PodDisruptionBudget: '/apis/policy/v1',
  Deployment: '/apis/apps/v1',
  Ingress: '/apis/networking.k8s.io/v1',
};
const pluralOf = (kind: string) => `${kind.toLowerCase().replace(/y$/, 'ie').replace(/s$/, 'se')}s`;

/** As they stand: in the cluster, or as the files that stand for one. Files are kept in `folder`, all but the secret. */
export async function appliedObjects(context: DemoContext, homeId: string, folder: string): Promise<AppliedObjects> {
  const namespace = `t-${homeId.replaceAll('-', '')}`;
  const { KUBECONFIG: kubeconfig, CLUSTER_FOLDER: records } = await context.client.control.environment('reconciler');
  if (kubeconfig !== undefined) return inCluster(kubeconfig, namespace, homeId);
  insist(records !== undefined, 'the reconciler to record its objects or to apply them to a cluster');
  return inFiles(join(records, namespace), folder);
}

async function inCluster(kubeconfig: string, namespace: string, homeId: string): Promise<AppliedObjects> {
  const cluster = testCluster({ TEST_KUBECONFIG: kubeconfig });
  const ofHome = `labelSelector=${encodeURIComponent(`biplane.dev/home=${homeId}`)}`;
  const kinds: string[] = [];
  try {
    const space = await cluster.get(`/api/v1/namespaces/${namespace}`);
    if (space !== null) kinds.push('Namespace');
    for (const [kind, api] of Object.entries(lists)) {
      const found = await cluster.get<Listed>(`${api}/namespaces/${namespace}/${pluralOf(kind)}?${ofHome}`);
      kinds.push(...(found?.items ?? []).map(() => kind));
    }
    return { kinds, where: `namespace ${namespace} of ${await cluster.about()}` };
  } finally {
    await cluster.close();
  }
}

function inFiles(records: string, folder: string): AppliedObjects {
  mkdirSync(folder, { recursive: true });
  const kinds: string[] = [];
  for (const file of readdirSync(records).filter((name) => name.endsWith('.yaml'))) {
    const text = readFileSync(join(records, file), 'utf8');
    const kind = /^kind: (\w+)$/m.exec(text)?.[1];
    insist(kind !== undefined, `${file} to say its kind`);
    kinds.push(kind);
    if (kind !== 'Secret') writeFileSync(join(folder, file), text);
  }
  return { kinds, where: `${folder}: each as YAML, less the secret` };
}
