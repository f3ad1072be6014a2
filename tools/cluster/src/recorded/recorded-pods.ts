import { createHash } from 'node:crypto';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';

/** The pods that a Deployment stands for: a new template is new pods, as a ReplicaSet's would be. */
export function podsOf(deployment: V1Deployment): V1Pod[] {
  const { metadata, spec } = deployment;
  const template = JSON.stringify(spec?.template ?? {});
  const hash = createHash('sha256').update(template).digest('hex').slice(0, 10);
  return Array.from({ length: spec?.replicas ?? 1 }, (_, index) => {
    const name = `${metadata?.name}-${hash}-${index}`;
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...spec?.template.metadata,
        name,
        namespace: metadata?.namespace ?? '',
        uid: createHash('sha256').update(`${metadata?.namespace}/${name}`).digest('hex').slice(0, 32),
      },
      spec: { containers: [], ...spec?.template.spec, nodeName: 'this-machine' },
    };
  });
}

/** Which pods to start and to end: the old ones stay until as many new ones are ready, unless none are wanted. */
export function changesOf(
  wanted: readonly V1Pod[],
  running: ReadonlyMap<string, { readonly isReady: boolean }>,
): { start: V1Pod[]; stop: string[] } {
  const uids = new Set(wanted.map(({ metadata }) => metadata?.uid ?? ''));
  const old = [...running.keys()].filter((uid) => !uids.has(uid));
  const areReady = [...uids].every((uid) => running.get(uid)?.isReady);
  return { start: wanted.filter(({ metadata }) => !running.has(metadata?.uid ?? '')), stop: areReady ? old : [] };
}
