import path from 'node:path';
import { startCluster, startRecordedHomes, type ClusterContext, type RunningCluster } from '@biplane/cluster';
import { clusterFolder, Ports, type RunFolder } from '@biplane/stack';
import type { Progress } from './progress.js';
import { root } from './repository.js';

/** A Kubernetes control plane with a node, or the cluster of KUBECONFIG; says which. */
export async function startClusterPart(
  run: RunFolder,
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  options: Pick<ClusterContext, 'withGatewayApi'> = {},
): Promise<RunningCluster> {
  const cluster = await progress.step('Kubernetes', () =>
    startCluster({
      root,
      environment,
      folder: path.join(run.privateFolder, 'cluster'),
      group: run.group,
      ports: new Ports(),
      say: (line) => progress.note(line),
      ...options,
    }),
  );
  progress.note(`cluster: ${cluster.about}`);
  return cluster;
}

/** Where dedicated homes of a stack run: in a cluster, or from what the reconciler records as files. */
export interface HomesPlace {
  readonly cluster?: RunningCluster;
  addressesIn(namespace: string): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startHomesPlace(
  run: RunFolder,
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  withCluster: boolean,
): Promise<HomesPlace> {
  if (withCluster) {
    const cluster = await startClusterPart(run, environment, progress);
    return { cluster, addressesIn: cluster.addressesIn, stop: cluster.stop };
  }
  return startRecordedHomes({ root, run, environment, folder: clusterFolder(run.privateFolder) });
}

/** What suites read. */
export function clusterEnvironment(cluster: RunningCluster | undefined): Record<string, string> {
  return cluster ? { TEST_KUBECONFIG: cluster.kubeconfig } : {};
}
