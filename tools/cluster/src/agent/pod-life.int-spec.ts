import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@biplane/testing';
import {
  askPod,
  contained,
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
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'biplane-pods-'));
  cluster = await ownCluster();
  namespace = await newNamespace(cluster, 'life');
});
afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

const inNamespace = (kind: string) => `/api/v1/namespaces/${namespace}/${kind}`;
const put = (kind: string, name: string, data: Record<string, string>) =>
  cluster.api.create(inNamespace(`${kind.toLowerCase()}s`), { apiVersion: 'v1', kind, metadata: { name }, data });

describe('what a pod is given and how it ends', () => {
  it('what is missing is waited for, and said; then values, files and fields are as the cluster has them', async () => {
    const container = {
      env: [
        { name: 'WORD', valueFrom: { secretKeyRef: { name: 'words', key: 'first' } } },
        { name: 'GREETING', value: '$(WORD) from $(HOST)' },
        { name: 'CONFIG_FILE', value: '/etc/settings/deep/file.txt' },
        { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
      envFrom: [{ configMapRef: { name: 'settings' }, prefix: 'S_' }],
      volumeMounts: [
        { name: 'settings', mountPath: '/etc/settings' },
        { name: 'scratch', mountPath: '/tmp' },
      ],
    };
    const volumes = [
      { name: 'settings', configMap: { name: 'settings', items: [{ key: 'text', path: 'deep/file.txt' }] } },
      { name: 'scratch', emptyDir: {} },
    ];
    await createPod(cluster, namespace, 'given', restricted(container, { volumes }));
    await pod(cluster, namespace, 'given', 'what it lacks', ({ status }) => {
      const { reason, message } = status?.containerStatuses?.[0]?.state?.waiting ?? {};
      return reason === 'CreateContainerConfigError' && /not found/.test(message ?? '');
    });
    await put('ConfigMap', 'settings', { text: 'hello' });
    await put('Secret', 'words', { first: Buffer.from('Guten Tag').toString('base64') });
    const given = await pod(cluster, namespace, 'given', 'it to run', isReady);
    const { env, file } = await askPod(given);
    expect(env).toMatchObject({ WORD: 'Guten Tag', S_text: 'hello', NAME: 'given' });
    expect(env['GREETING']).toBe(`Guten Tag from ${given.status?.podIP}`);
    expect(env['TMPDIR']).toContain('scratch');
    expect(file).toBe('hello');
  });

  it('init containers come first, and a job is as its exit code is', async () => {
    const exits = (name: string, code: string) => contained({ name, env: [{ name: 'EXIT_CODE', value: code }] });
    const once = { restartPolicy: 'Never', initContainers: [exits('first', '0')] };
    await createPod(cluster, namespace, 'good', restricted({ env: [{ name: 'EXIT_CODE', value: '0' }] }, once));
    await createPod(cluster, namespace, 'bad', restricted({ env: [{ name: 'EXIT_CODE', value: '7' }] }, once));
    const broken = { ...once, initContainers: [exits('first', '5')] };
    await createPod(cluster, namespace, 'never', restricted({}, broken));
    const over = (name: string, phase: string) =>
      pod(cluster, namespace, name, phase, ({ status }) => status?.phase === phase);
    await over('good', 'Succeeded');
    const bad = await over('bad', 'Failed');
    expect(bad.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(7);
    const never = await over('never', 'Failed');
    expect(never.status?.containerStatuses?.[0]?.state?.waiting).toBeDefined();
  });

  it('a deleted pod hears its hook, then SIGTERM, and is killed when its grace period is over', async () => {
    const file = path.join(folder, 'end');
    const env = [
      { name: 'EXIT_FILE', value: file },
      { name: 'IGNORE_SIGTERM', value: 'yes' },
    ];
    const lifecycle = { preStop: { httpGet: { path: '/prestop', port: 8080 as never } } };
    await createPod(cluster, namespace, 'stubborn', restricted({ env, lifecycle }));
    const stubborn = await pod(cluster, namespace, 'stubborn', 'it to run', isReady);
    await askPod(stubborn);
    await cluster.api.delete(inNamespace('pods/stubborn'));
    await waitFor('hook and signal', async () => (await readFile(file, 'utf8').catch(() => '')) === 'prestop sigterm');
    await cluster.api.waitForObject('its end', inNamespace('pods/stubborn'), (found) => found === null);
    expect(cluster.processesOf(stubborn)).toEqual([]);
  });

  it('a service answers by its name, wherever its pods listen', async () => {
    await createDeployment(cluster, namespace, 'named', 2, restricted());
    await cluster.api.create(inNamespace('services'), {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'named' },
      spec: { selector: { app: 'named' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    const env = [{ name: 'ASK', value: `http://named.${namespace}.svc:80/` }];
    await createPod(cluster, namespace, 'asking', restricted({ env }, { restartPolicy: 'OnFailure' }));
    await pod(cluster, namespace, 'asking', 'the answer', ({ status }) => status?.phase === 'Succeeded');
  });

  it('two agents share pods and never run one twice', async () => {
    const second = await cluster.addAgent('biplane-2');
    await createDeployment(cluster, namespace, 'shared', 6, restricted());
    const pods = await waitFor('six that are ready', async () => {
      const found = await podsOf(cluster, namespace, 'shared');
      return found.length === 6 && found.every(isReady) ? found : null;
    });
    expect(pods.map((one) => cluster.processesOf(one).length)).toEqual(pods.map(() => 1));
    await second.kill();
  });

  it('an agent that was killed finds its node again, and no process of before goes on', async () => {
    await createPod(cluster, namespace, 'pinned', { ...restricted(), nodeName: 'biplane-3' });
    const killed = await cluster.addAgent('biplane-3');
    const before = await pod(cluster, namespace, 'pinned', 'it to run', isReady);
    const [first] = cluster.processesOf(before);
    await killed.kill();
    expect(cluster.processesOf(before)).toEqual([first]);
    const next = await cluster.addAgent('biplane-3');
    const again = await pod(cluster, namespace, 'pinned', 'it to run again', ({ status }) => {
      return status?.containerStatuses?.[0]?.restartCount === 1 && status.phase === 'Running';
    });
    const now = cluster.processesOf(again);
    expect(now).toHaveLength(1);
    expect(now).not.toContain(first);
    await next.kill();
  });
});
