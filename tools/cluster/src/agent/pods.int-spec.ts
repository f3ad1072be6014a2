import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sizeOfRun, waitFor } from '@biplane/testing';
import type { V1Deployment } from '@kubernetes/client-node';
import {
  askPod,
  createDeployment,
  createPod,
  isReady,
  newNamespace,
  ownCluster,
  pod,
  podsOf,
  restricted,
  type OwnCluster,
} from '../spec-support/own-cluster.js';

let cluster: OwnCluster;
let namespace: string;
beforeAll(async () => {
  cluster = await ownCluster();
  namespace = await newNamespace(cluster, 'pods');
});
afterAll(() => cluster.stop());

const readiness = {
  readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 1, failureThreshold: 1 },
};
const deploymentPath = (name: string) => `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
const available = (count: number) => (found: V1Deployment | null) => (found?.status?.availableReplicas ?? 0) === count;

describe('pods of the node agent', () => {
  it('a pod that is not restricted is refused by the API server', async () => {
    const { securityContext: _open, ...spec } = restricted({ securityContext: {} });
    await expect(createPod(cluster, namespace, 'open', spec)).rejects.toThrow(
      /violates PodSecurity .*restricted.*runAsNonRoot/,
    );
  });

  it('a deployment rolls out to Available, each pod at an address of its own, and ends at zero', async () => {
    const count = sizeOfRun({ soak: 100, ci: 12 });
    await createDeployment(cluster, namespace, 'web', count, restricted(readiness));
    await cluster.api.waitForObject('the rollout', deploymentPath('web'), available(count));
    const pods = await podsOf(cluster, namespace, 'web');
    const told = await Promise.all(pods.map((one) => askPod(one)));
    expect(told.map(({ env }) => env['HOST']).sort()).toEqual(pods.map(({ status }) => status?.podIP).sort());
    expect(new Set(told.map(({ env }) => env['HOST'])).size).toBe(count);
    expect(pods.map((one) => cluster.processesOf(one).length)).toEqual(pods.map(() => 1));

    await cluster.api.merge(deploymentPath('web'), { spec: { replicas: 0 } });
    await waitFor('the end of its pods', async () => (await podsOf(cluster, namespace, 'web')).length === 0);
    expect(pods.flatMap((one) => cluster.processesOf(one))).toEqual([]);
  });

  it('a deleted namespace takes its processes with it', async () => {
    const doomed = await newNamespace(cluster, 'doomed');
    await createPod(cluster, doomed, 'one', restricted());
    const running = await pod(cluster, doomed, 'one', 'it to run', isReady);
    expect(cluster.processesOf(running)).toHaveLength(1);
    await cluster.api.delete(`/api/v1/namespaces/${doomed}`);
    await cluster.api.waitForObject('its end', `/api/v1/namespaces/${doomed}`, (found) => found === null);
    expect(cluster.processesOf(running)).toEqual([]);
  });

  it('a container that crashes is started again, later each time, and counted', async () => {
    await createPod(cluster, namespace, 'crash', restricted({ env: [{ name: 'EXIT_CODE', value: '3' }] }));
    const states = new Set<string>();
    const crashed = await pod(cluster, namespace, 'crash', 'three restarts', ({ status }) => {
      const one = status?.containerStatuses?.[0];
      states.add(one?.state?.waiting?.reason ?? '');
      return (one?.restartCount ?? 0) >= 3 && one?.state?.waiting?.reason === 'CrashLoopBackOff';
    });
    expect(crashed.status?.phase).toBe('Running');
    expect(isReady(crashed)).toBe(false);
    expect(crashed.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({
      exitCode: 3,
      reason: 'Error',
    });
  });

  it('liveness restarts, readiness takes out of the endpoints, and nothing counts before the startup probe', async () => {
    const probes = {
      ...readiness,
      startupProbe: { exec: { command: ['node', '-e', ''] }, periodSeconds: 1 },
      livenessProbe: { httpGet: { path: '/live', port: 'http' }, periodSeconds: 1, failureThreshold: 2 },
      ports: [{ name: 'http', containerPort: 8080 }],
    };
    await createPod(cluster, namespace, 'probed', restricted(probes));
    const ready = await pod(cluster, namespace, 'probed', 'it to be ready', isReady);
    await askPod(ready, '/unready');
    await pod(cluster, namespace, 'probed', 'it to be unready', (found) => !isReady(found));
    await askPod(ready, '/unwell');
    const again = await pod(cluster, namespace, 'probed', 'its restart', (found) => {
      return isReady(found) && found.status?.containerStatuses?.[0]?.restartCount === 1;
    });
    expect(again.status?.containerStatuses?.[0]?.lastState?.terminated).toBeDefined();
  });

  it('an image that is not ours is never started, and its pod says so', async () => {
    await createPod(cluster, namespace, 'foreign', restricted({ image: 'busybox:1' }));
    const waiting = await pod(cluster, namespace, 'foreign', 'the refusal', ({ status }) =>
      /ImagePull/.test(status?.containerStatuses?.[0]?.state?.waiting?.reason ?? ''),
    );
    expect(waiting.status?.phase).toBe('Pending');
    expect(cluster.processesOf(waiting)).toEqual([]);
  });
});
