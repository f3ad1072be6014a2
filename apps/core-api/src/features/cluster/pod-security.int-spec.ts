import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testCluster, type TestCluster } from '@biplane/testing';
import { clusterSettings, homeSpec } from '../../testing/cluster/home-fixture.js';
import { kubernetesGateway } from './cluster.gateway.js';
import { desiredObjects, type ClusterGateway, type KubernetesObject } from './index.js';

interface Container {
  securityContext: Record<string, unknown>;
  [member: string]: unknown;
}
interface PodSpec {
  securityContext: Record<string, unknown>;
  containers: [Container];
  volumes: unknown[];
  [member: string]: unknown;
}

/** With every object that a home may have. */
const internalPeers = [{ namespaceLabels: { 'example.com/tenant-services': 'true' } }, { cidr: '10.40.0.0/16' }];
let cluster: TestCluster;
let gateway: ClusterGateway;
let objects: readonly KubernetesObject[];

beforeAll(async () => {
  cluster = testCluster();
  gateway = kubernetesGateway({ kubeconfig: cluster.kubeconfigFile });
  objects = desiredObjects(homeSpec({ platform: cluster.platform }), clusterSettings({ internalPeers }));
  for (const object of objects.filter(({ kind }) => kind === 'Namespace' || kind === 'ServiceAccount')) {
    await gateway.apply(object);
  }
});
afterAll(() => cluster?.close());

/** The pod that the Deployment's template makes, changed by one field. */
function podWith(change: (spec: PodSpec) => void): KubernetesObject {
  const deployment = objects.find(({ kind }) => kind === 'Deployment')!;
  const { template } = structuredClone(deployment['spec']) as { template: { metadata: object; spec: PodSpec } };
  change(template.spec);
  const { namespace } = deployment.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, name: 'tried', namespace: namespace! },
    spec: template.spec,
  };
}

const weakened: [string, (spec: PodSpec) => void, RegExp][] = [
  ['running as root', (spec) => void (spec.securityContext['runAsUser'] = 0), /runAsUser=0/],
  [
    'a user that may be root',
    ({ securityContext, containers }) => {
      delete securityContext['runAsNonRoot'];
      delete containers[0].securityContext['runAsNonRoot'];
    },
    /runAsNonRoot/,
  ],
  ['no seccomp profile', ({ securityContext }) => void delete securityContext['seccompProfile'], /seccompProfile/],
  [
    'capabilities that are kept',
    ({ containers }) => void delete containers[0].securityContext['capabilities'],
    /capabilities/,
  ],
  [
    'a capability that is added',
    ({ containers }) => void (containers[0].securityContext['capabilities'] = { drop: ['ALL'], add: ['NET_ADMIN'] }),
    /capabilities/,
  ],
  [
    'an escalation of privileges',
    ({ containers }) => void (containers[0].securityContext['allowPrivilegeEscalation'] = true),
    /allowPrivilegeEscalation/,
  ],
  [
    'a privileged container',
    ({ containers }) =>
      void Object.assign(containers[0].securityContext, { privileged: true, allowPrivilegeEscalation: true }),
    /privileged/,
  ],
  [
    'a folder of the node',
    ({ volumes }) => void volumes.push({ name: 'node', hostPath: { path: '/etc' } }),
    /hostPath/,
  ],
  ['the network of the node', (spec) => void (spec['hostNetwork'] = true), /host namespaces/],
  ['the processes of the node', (spec) => void (spec['hostPID'] = true), /host namespaces/],
];

describe('Pod Security of a home', () => {
  it('the API server takes every object of a home, and warns about none', async () => {
    for (const object of objects) {
      expect([object.kind, await gateway.serverDryRun(object)]).toEqual([
        object.kind,
        { accepted: true, warnings: [] },
      ]);
    }
    expect(await gateway.serverDryRun(podWith(() => undefined))).toEqual({ accepted: true, warnings: [] });
  });

  it.each(weakened)('the API server refuses the pod of a home with %s', async (_, weaken, why) => {
    const outcome = await gateway.serverDryRun(podWith(weaken));
    expect(outcome).toMatchObject({ accepted: false });
    expect(outcome).toHaveProperty(
      'reason',
      expect.stringMatching(/violates PodSecurity "restricted:latest"|disallowed by cluster policy/),
    );
    expect(outcome).toHaveProperty('reason', expect.stringMatching(why));
  });
});
