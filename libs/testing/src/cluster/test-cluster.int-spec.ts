import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clusterProxy, type ClusterFault } from './cluster-proxy.js';
import { readKubeconfig, sendTo } from './cluster-access.js';
import { TestCluster, testCluster } from './test-cluster.js';

let cluster: TestCluster;
beforeAll(() => {
  cluster = testCluster();
});
afterAll(() => cluster.close());

const statusThrough = async (file: string, method: string, path: string, body?: string) => {
  const response = await sendTo(readKubeconfig(file), { method, path, body, headers: jsonHeaders });
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, text };
};
const jsonHeaders = { 'content-type': 'application/json' };
const SECRETS = '/api/v1/namespaces/default/secrets';

describe('the cluster of the tests', () => {
  it('a missing cluster is never a skipped suite', () => {
    expect(() => testCluster({})).toThrow(/TEST_KUBECONFIG is not set/);
  });

  it('an identity may do what its rules say and nothing else, from the moment they are set', async () => {
    const reader = await cluster.identity([{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }]);
    const list = (kind: string) =>
      statusThrough(reader.kubeconfigFile, 'GET', `/api/v1/namespaces/default/${kind}`).then(({ status }) => status);
    expect(await Promise.all([list('configmaps'), list('secrets')])).toEqual([200, 403]);
    await reader.setRules([{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }]);
    expect(await Promise.all([list('configmaps'), list('secrets')])).toEqual([403, 200]);
  });

  it('the proxy answers, hangs, resets, truncates and loses as it is told, and lets all else through', async () => {
    const faults: Record<string, ClusterFault> = {
      busy: { status: 429, headers: { 'retry-after': '1' } },
      reset: 'reset',
      half: 'truncate',
      hang: 'hang',
    };
    const proxy = await clusterProxy(cluster, { respond: ({ path }) => faults[path.split('fault=')[1] ?? ''] });
    const ask = (fault: string) => statusThrough(proxy.kubeconfigFile, 'GET', `/version?fault=${fault}`);
    expect((await ask('none')).status).toBe(200);
    expect((await ask('busy')).status).toBe(429);
    await expect(ask('reset')).rejects.toThrow();
    await expect(ask('half')).rejects.toThrow();
    const hanging = ask('hang');
    expect(proxy.requests.map(({ path }) => path.split('=')[1])).toEqual(['none', 'busy', 'reset', 'half']);
    await proxy.close();
    await expect(hanging).rejects.toThrow();
  });

  it('a lost answer is of a request that was done', async () => {
    const proxy = await clusterProxy(cluster, {
      respond: ({ method }) => (method === 'POST' ? 'lose-answer' : null),
    });
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: cluster.platform } };
    const send = statusThrough(proxy.kubeconfigFile, 'POST', SECRETS, JSON.stringify(secret));
    await expect(send).rejects.toThrow();
    expect(await cluster.get(`${SECRETS}/${cluster.platform}`)).not.toBeNull();
    await cluster.delete(`${SECRETS}/${cluster.platform}`);
    await proxy.close();
  });
});
