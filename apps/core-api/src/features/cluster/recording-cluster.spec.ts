import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@biplane/testing';
import { clusterConformance } from '../../testing/cluster/cluster-conformance.js';
import type { ClusterHands } from '../../testing/cluster/cluster-hands.js';
import { converge, planFor } from '../../testing/cluster/converge.js';
import { clusterSettings, homeSpec } from '../../testing/cluster/home-fixture.js';
import { desiredObjects, namespaceName, RecordingCluster, refOf, writesOf, type ClusterHint } from './index.js';

/** Files have no managers, finalizers or admission: the cases about these are for clusters. */
const forFiles = clusterConformance.filter(({ title }) =>
  [/^E22/, /applied twice/, /no longer desired/, /listed by all/, /deletion is of one/, /^E24/, /^E28/, /dry run/].some(
    (shape) => shape.test(title),
  ),
);

let folder: string;
let gateway: RecordingCluster;
const hands: ClusterHands = {
  edit: () => Promise.reject(new Error('Files are edited by their text')),
  create: async (object) => void (await gateway.apply(object)),
  remove: async (ref) => void (await gateway.delete(ref)),
  setFinalizers: () => Promise.reject(new Error('Files have no finalizers')),
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recording-cluster-'));
  gateway = new RecordingCluster(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the recording cluster', () => {
  it('takes eight cases of the suite', () => expect(forFiles).toHaveLength(8));

  it.each(forFiles)('$title', ({ run }) => run({ gateway, hands, platform: 'test' }));

  it('has of a deployment what was seen of its very text, and nothing before', async () => {
    const spec = homeSpec();
    const desired = desiredObjects(spec, clusterSettings());
    await converge(gateway, spec, desired);
    const deployment = desired.find(({ kind }) => kind === 'Deployment');
    if (!deployment) throw new Error('A home has a deployment');
    const ref = refOf(deployment);
    const unseen = await gateway.get(ref);
    expect(unseen).toMatchObject({ metadata: { generation: 1 } });
    expect(unseen).not.toHaveProperty('status');
    const file = join(folder, namespaceName(spec.homeId), 'deployment-tenant-api.status.json');
    const tell = (version: string | undefined) =>
      writeFile(file, JSON.stringify({ version, status: { replicas: 1 } }), { mode: 0o600 });
    await tell('of another text');
    expect(await gateway.get(ref)).not.toHaveProperty('status');
    await tell(unseen?.metadata.resourceVersion);
    expect(await gateway.get(ref)).toMatchObject({ status: { replicas: 1, observedGeneration: 1 } });
    await gateway.apply(deployment);
    expect((await gateway.get(ref))?.metadata.resourceVersion).toBe(unseen?.metadata.resourceVersion);
  });

  it('writes one readable file an object, of its namespace', async () => {
    const spec = homeSpec();
    await converge(gateway, spec, desiredObjects(spec, clusterSettings()));
    const namespace = join(folder, namespaceName(spec.homeId));
    expect((await readdir(namespace)).sort()).toEqual([
      'configmap-tenant-api-settings.yaml',
      'configmap-trust-root.yaml',
      'deployment-tenant-api.yaml',
      'ingress-tenant-api.yaml',
      'limitrange-home.yaml',
      `namespace-${namespaceName(spec.homeId)}.yaml`,
      'networkpolicy-default-deny.yaml',
      'networkpolicy-tenant-api.yaml',
      'poddisruptionbudget-tenant-api.yaml',
      'resourcequota-home.yaml',
      'secret-enrollment.yaml',
      'service-tenant-api.yaml',
      'serviceaccount-tenant-api.yaml',
    ]);
    expect(await readFile(join(namespace, 'service-tenant-api.yaml'), 'utf8')).toMatch(
      /^apiVersion: v1\nkind: Service\n/,
    );
  });

  it('a file that was edited, spoiled or deleted by hand is written anew', async () => {
    const spec = homeSpec();
    const desired = desiredObjects(spec, clusterSettings());
    await converge(gateway, spec, desired);
    const file = (name: string) => join(folder, namespaceName(spec.homeId), `${name}.yaml`);
    const text = await readFile(file('deployment-tenant-api'), 'utf8');
    await writeFile(file('deployment-tenant-api'), text.replace('replicas: 1', 'replicas: 7'));
    await writeFile(file('service-tenant-api'), '{ not yaml: [');
    await rm(file('secret-enrollment'));
    expect(writesOf(await planFor(gateway, spec, desired)).map(({ do: what, ref }) => `${what} ${ref.kind}`)).toEqual([
      'create Secret',
      'create Service',
      'repair Deployment',
    ]);
    await converge(gateway, spec, desired);
    expect(await readFile(file('deployment-tenant-api'), 'utf8')).toBe(text);
    expect(writesOf(await planFor(gateway, spec, desired))).toEqual([]);
  });

  it('a file of somebody else is not touched', async () => {
    const spec = homeSpec();
    const objects = desiredObjects(spec, clusterSettings());
    await converge(gateway, spec, objects);
    const other = desiredObjects({ ...spec, deploymentId: homeSpec().deploymentId }, clusterSettings());
    const outcome = await gateway.apply(other[0]!);
    expect(outcome).toEqual({ kind: 'refused', reason: `exists and belongs to deployment ${spec.deploymentId}` });
  });

  it('no name leads out of the folder', async () => {
    const ref = { apiVersion: 'v1', kind: 'Secret', namespace: '..', name: 'x' };
    await expect(gateway.get(ref)).rejects.toThrow('no name of a file');
    await expect(gateway.get({ ...ref, namespace: 'a', name: '../../x' })).rejects.toThrow('no name of a file');
  });

  it('tells which file changed while it is watched', async () => {
    const spec = homeSpec();
    await converge(gateway, spec, desiredObjects(spec, clusterSettings()));
    const hints: ClusterHint[] = [];
    const watching = gateway.watch({ kind: 'Service', labels: {} }, (hint) => hints.push(hint));
    await eventually(() => expect(hints).toHaveLength(1));
    const [service] = await gateway.list({ kind: 'Service', labels: {} });
    await gateway.delete(refOf(service!));
    await eventually(() => expect(hints[1]?.ref).toEqual(refOf(service!)));
    await watching.stop();
  });
});
