import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { testCluster, type TestCluster } from '@biplane/testing';
import { clusterConformance } from '../../testing/cluster/cluster-conformance.js';
import { realHands, type ClusterHands } from '../../testing/cluster/cluster-hands.js';
import { kubernetesGateway } from './cluster.gateway.js';
import type { ClusterGateway } from './index.js';

let cluster: TestCluster;
let gateway: ClusterGateway;
let hands: ClusterHands;

beforeAll(() => {
  cluster = testCluster();
  gateway = kubernetesGateway({ kubeconfig: cluster.kubeconfigFile });
  hands = realHands(cluster);
});
afterAll(() => cluster?.close());

describe('a real API server', () => {
  it.each(clusterConformance)('$title', async ({ run }) => {
    await run({ gateway, hands, platform: cluster.platform });
  });
});
