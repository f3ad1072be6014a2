import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testCluster, type TestCluster } from '@biplane/testing';
import { kubernetesGateway } from '../../testing/cluster/real-gateway.js';
import { clusterSettings, homeSpec } from '../../testing/cluster/home-fixture.js';
import { hostileNames } from '../../testing/cluster/hostile-names.js';
import {
  dedicatedHost,
  desiredObjects,
  labelValue,
  LABELS,
  NAMES,
  namespaceName,
  reconcilerAccess,
  reconcilerRules,
  refOf,
  type ClusterGateway,
  type DedicatedHomeSpec,
  type KubernetesObject,
} from '../cluster/index.js';

/** Of whoever has these, all homes and everybody else in the cluster are only a call away. */
const DENIED = [
  ...['get', 'list', 'delete', 'patch'].map((verb) => ({ group: '', resource: 'nodes', verb })),
  ...['create', 'delete', 'patch', 'update'].map((verb) => ({ group: '', resource: 'pods', verb })),
  ...['pods/exec', 'pods/attach', 'pods/portforward', 'pods/ephemeralcontainers', 'serviceaccounts/token'].map(
    (resource) => ({ group: '', resource, verb: 'create' }),
  ),
  ...['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].flatMap((resource) =>
    ['create', 'patch', 'update', 'bind', 'escalate'].map((verb) => ({
      ...{ group: 'rbac.authorization.k8s.io', resource, verb },
    })),
  ),
  ...['users', 'groups', 'serviceaccounts'].map((resource) => ({ group: '', resource, verb: 'impersonate' })),
  ...['get', 'list', 'watch', 'patch', 'delete'].flatMap((verb) => [
    { group: '', resource: 'secrets', verb },
    { group: '', resource: 'secrets', verb, name: 'somebody-elses' },
  ]),
  ...['deletecollection', 'update'].map((verb) => ({ group: '', resource: 'namespaces', verb })),
];
const AT_ONCE = 8;

let cluster: TestCluster;
let gateway: ClusterGateway;
let spec: DedicatedHomeSpec;
beforeAll(async () => {
  cluster = testCluster();
  const { kubeconfigFile } = await cluster.identity(reconcilerRules);
  gateway = kubernetesGateway({ kubeconfig: kubeconfigFile });
  spec = homeSpec({ platform: cluster.platform });
  for (const object of desiredObjects(spec, clusterSettings())) {
    expect(await gateway.apply(object)).toMatchObject({ kind: 'applied', created: true });
  }
});
afterAll(async () => cluster?.close());

const secret = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: namespaceName(spec.homeId), labels: { [LABELS.platform]: cluster.platform } },
});

/** Those that the API server refuses, or warns about. */
async function refused(objects: readonly KubernetesObject[]): Promise<unknown[]> {
  const left = [...objects];
  const answers: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let object = left.pop(); object !== undefined; object = left.pop()) {
      const answer = await gateway.serverDryRun(object);
      if (!answer.accepted || answer.warnings.length > 0) answers.push({ ref: refOf(object), answer });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return answers;
}

describe('the reconciler before a real API server', () => {
  it('E28: has every right that it needs, and none to nodes, pods, roles, tokens or anybody else’s Secrets', async () => {
    const answers = await gateway.accessReview([...reconcilerAccess, ...DENIED]);
    expect(answers.slice(0, reconcilerAccess.length).filter(({ allowed }) => !allowed)).toEqual([]);
    expect(answers.slice(reconcilerAccess.length).filter(({ allowed }) => allowed)).toEqual([]);
  });

  it('of all Secrets of the cluster it sees the enrollment tokens of homes alone', async () => {
    const others = secret('somebody-elses');
    await cluster.create(`/api/v1/namespaces/${namespaceName(spec.homeId)}/secrets`, others);
    const labels = { [LABELS.platform]: cluster.platform };
    const seen = await gateway.list({ kind: 'Secret', labels });
    expect(seen.map(({ metadata }) => metadata.name)).toEqual([NAMES.enrollment]);
    expect(await gateway.get(refOf(secret(NAMES.enrollment)))).toMatchObject({ metadata: { name: NAMES.enrollment } });
    await expect(gateway.get(refOf(others))).rejects.toMatchObject({ reason: 'forbidden' });
    await expect(gateway.apply(others)).rejects.toMatchObject({ reason: 'forbidden' });
    await expect(gateway.delete(refOf(others))).rejects.toMatchObject({ reason: 'forbidden' });
    await expect(gateway.serverDryRun(secret('yet-another'))).resolves.toMatchObject({ accepted: false });
  });

  it('namespaces and routes of 200 hostile names are taken as they are, without a warning', async () => {
    const gatewayRef = { namespace: 'gateways', name: 'public' };
    const made = hostileNames().flatMap((name) => {
      const { homeId, ...home } = homeSpec({ platform: cluster.platform, tenantSlug: name, deploymentSlug: name });
      const host = dedicatedHost(name, homeId, 'eu-1.homes.example');
      return [
        ...desiredObjects({ ...home, homeId, host }, clusterSettings()),
        ...desiredObjects(
          { ...home, homeId, host },
          clusterSettings({ route: { kind: 'httproute', gateway: gatewayRef } }),
        ),
      ].filter(({ kind }) => ['Namespace', 'Ingress', 'HTTPRoute'].includes(kind));
    });
    // What is inside needs a namespace that is there, and that of another home is as good.
    const inside = namespaceName(spec.homeId);
    const objects = made.map((object) =>
      object.kind === 'Namespace' ? object : { ...object, metadata: { ...object.metadata, namespace: inside } },
    );
    const kinds = (kind: string) => objects.filter((object) => object.kind === kind);
    expect([kinds('Ingress').length, kinds('HTTPRoute').length]).toEqual([200, 200]);
    const labelled = hostileNames().map(labelValue);
    expect(new Set(kinds('Namespace').map(({ metadata }) => metadata.labels?.[LABELS.deploymentSlug]))).toEqual(
      new Set(labelled),
    );
    expect(await refused(objects)).toEqual([]);
    // And it is the server that decides: as they came, it would have them not.
    const [first] = kinds('Namespace');
    const bare = {
      ...first!,
      metadata: { ...first!.metadata, labels: { ...first!.metadata.labels, [LABELS.deploymentSlug]: '../../etc' } },
    };
    expect(await refused([bare])).toHaveLength(1);
  }, 240_000);
});
