import { describe, it } from '@jest/globals';
import { clusterConformance } from '../../testing/cluster/cluster-conformance.js';
import { inMemoryHands } from '../../testing/cluster/cluster-hands.js';
import { InMemoryCluster } from '../../testing/cluster/in-memory-cluster.js';

describe('the cluster in memory', () => {
  it.each(clusterConformance)('$title', async ({ run }) => {
    const gateway = new InMemoryCluster();
    await run({ gateway, hands: inMemoryHands(gateway), platform: 'test' });
  });
});
