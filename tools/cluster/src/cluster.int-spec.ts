import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { processesOfRun } from '@biplane/stack';
import { waitFor } from '@biplane/testing';
import { ApiClient } from './api/client.js';
import { clientOf } from './api/kubeconfig.js';
import { agentRules } from './control-plane/agent-rights.js';
import {
  askPod,
  createPod,
  isReady,
  newNamespace,
  ownCluster,
  pod,
  restricted,
  root,
  type OwnCluster,
} from './spec-support/own-cluster.js';

let cluster: OwnCluster;
let namespace: string;
beforeAll(async () => {
  cluster = await ownCluster();
  namespace = await newNamespace(cluster, 'here');
});
afterAll(() => cluster.stop());

/** A launcher reduced to a cluster: says its run and its folder, then holds it until it is killed. */
const holder = `
import { cacheFolder, Ports, temporaryRun } from ${JSON.stringify(path.join(root, 'tools/stack/dist/index.js'))};
import { startCluster } from ${JSON.stringify(path.join(root, 'tools/cluster/dist/cluster.js'))};
const { KUBECONFIG, ...environment } = process.env;
const run = await temporaryRun(cacheFolder(environment));
const cluster = await startCluster({ root: ${JSON.stringify(root)}, environment, folder: run.privateFolder + '/cluster',
  group: run.group, ports: new Ports(), agent: { images: {
    'fixture/server': { folder: 'tools/cluster', entrypoint: ['node'], command: ['src/spec-support/server.mjs'] } } },
  say() {} });
console.log(JSON.stringify({ runId: run.runId, folder: run.folder, kubeconfig: cluster.kubeconfig }));
setInterval(() => {}, 1000);
`;

describe('the local cluster', () => {
  it('an API server that was killed comes back with all that it had, and no pod has stopped for it', async () => {
    await createPod(cluster, namespace, 'steady', restricted());
    const before = await pod(cluster, namespace, 'steady', 'it to run', isReady);
    const { pid } = await askPod(before);
    await cluster.running.apiServer.kill();
    expect(cluster.running.apiServer.running).toBe(false);
    expect((await askPod(before)).pid).toBe(pid);
    await cluster.running.apiServer.start();
    // What is asked for afterwards is done: the agent lists and watches again.
    await createPod(cluster, namespace, 'later', restricted());
    await pod(cluster, namespace, 'later', 'it to run', isReady);
    expect((await askPod(before)).pid).toBe(pid);
  });

  it('a second control plane stands beside the first', async () => {
    const second = await ownCluster({ withAgent: false });
    await newNamespace(second, 'there');
    expect(await second.api.get('/api/v1/namespaces/here')).toBeNull();
    expect(await cluster.api.get('/api/v1/namespaces/there')).toBeNull();
    await second.running.stop();
    expect(processesOfRun(second.runId)).toEqual([]);
  });

  it('the agent may do what its rules say and no more, and nobody comes without a name', async () => {
    const agent = clientOf(path.join(cluster.context.folder, 'biplane-node-agent.kubeconfig'));
    expect(agentRules.flatMap(({ resources, verbs }) => (verbs.includes('create') ? resources : []))).toEqual([
      'nodes',
      'pods/binding',
      'serviceaccounts/token',
      'events',
      'leases',
    ]);
    const metadata = { name: 'sneaky' };
    const body = { apiVersion: 'v1', kind: 'Pod', metadata, spec: restricted() };
    await expect(agent.text('POST', `/api/v1/namespaces/${namespace}/pods`, { body })).rejects.toThrow(/answered 403/);
    await expect(agent.text('GET', `/api/v1/namespaces/${namespace}/secrets`)).rejects.toThrow(/answered 403/);
    const { server, certificateAuthority } = cluster.api.access;
    const nobody = new ApiClient({ server, certificateAuthority });
    await expect(nobody.text('GET', '/version')).rejects.toThrow(/answered 401/);
    agent.close();
    nobody.close();
  });

  it('kill -9 of the launcher leaves no process, no folder and no address behind', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'biplane-cluster-'));
    const script = path.join(folder, 'hold.mjs');
    await writeFile(script, holder);
    const launcher = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'], cwd: folder });
    const [line] = (await once(launcher.stdout, 'data')) as [Buffer];
    const held = JSON.parse(String(line)) as { runId: string; folder: string; kubeconfig: string };
    const admin = clientOf(held.kubeconfig);
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'left' }, spec: restricted() };
    await waitFor('the pod to be taken', () =>
      admin.text('POST', '/api/v1/namespaces/default/pods', { body }).then(Boolean, () => false),
    );
    const read = () => admin.json<{ status: { podIP?: string } }>('GET', '/api/v1/namespaces/default/pods/left');
    const address = await waitFor('it to run', async () => (await read()).status.podIP);
    admin.close();
    expect(processesOfRun(held.runId).length).toBeGreaterThanOrEqual(4);
    launcher.kill('SIGKILL');
    await waitFor('the end of every process', () => processesOfRun(held.runId).length === 0);
    await waitFor('the end of the folder', () =>
      access(held.folder).then(
        () => false,
        () => true,
      ),
    );
    const left = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((one) => one.address));
    expect(left).not.toContain(address);
    await rm(folder, { recursive: true, force: true });
  });
});
