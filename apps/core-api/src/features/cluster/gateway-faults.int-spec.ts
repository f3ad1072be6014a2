import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clusterProxy, testCluster, type ClusterFault, type ClusterProxy, type TestCluster } from '@biplane/testing';
import { clusterSettings, homeSpec } from '../../testing/cluster/home-fixture.js';
import { kubernetesGateway } from './cluster.gateway.js';
import { desiredObjects, reconcilerRules, refOf, type ClusterGateway, type KubernetesObject } from './index.js';

/** Short, so that a hang costs a second and not ten. */
const policy = { callTimeoutMs: 1500, attemptsMax: 4, budgetMs: 20_000, pauseBaseMs: 5, pauseMsMax: 50 };

let cluster: TestCluster;
let proxy: ClusterProxy;
let gateway: ClusterGateway;

beforeAll(async () => {
  cluster = testCluster();
  proxy = await clusterProxy(cluster);
  gateway = kubernetesGateway({ kubeconfig: proxy.kubeconfigFile, policy });
});
afterAll(async () => {
  await proxy?.close();
  await cluster?.close();
});

const aNamespace = (): KubernetesObject =>
  desiredObjects(homeSpec({ platform: cluster.platform }), clusterSettings())[0]!;

/** Each of the first `times` requests of the method meets the fault. */
function jam(fault: ClusterFault, method: string, times = 1): void {
  let met = 0;
  proxy.respond((request) => (request.method === method && (met += 1) <= times ? fault : null));
}

const faults: [string, ClusterFault][] = [
  ['409 of another version', { status: 409 }],
  ['429 with Retry-After', { status: 429, headers: { 'retry-after': '0' } }],
  ['500', { status: 500 }],
  ['502 of a proxy that answers in HTML', { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>' }],
  ['503', { status: 503 }],
  ['504', { status: 504 }],
  ['a hang', 'hang'],
  ['a reset', 'reset'],
  ['a lost answer', 'lose-answer'],
  ['a truncated answer', 'truncate'],
];

describe('a cluster that fails', () => {
  it.each(faults)('E20: %s at the read and at the write of an apply is outlived', async (_, fault) => {
    const object = aNamespace();
    for (const method of fault === faults[0]![1] ? ['PATCH'] : ['GET', 'PATCH']) {
      jam(fault, method);
      expect(await gateway.apply(object)).toMatchObject({ kind: 'applied', conflicts: [] });
    }
    proxy.respond(null);
    expect(await gateway.get(refOf(object))).not.toBeNull();
  });

  it.each(faults.slice(1))('E20: %s is outlived by lists and deletions', async (_, fault) => {
    const object = aNamespace();
    proxy.respond(null);
    await gateway.apply(object);
    jam(fault, 'GET');
    expect(await gateway.list({ kind: 'Namespace', labels: object.metadata.labels ?? {} })).toHaveLength(1);
    jam(fault, 'DELETE');
    expect(await gateway.delete(refOf(object))).not.toBe('replaced');
    proxy.respond(null);
  });

  it('E20: an outage that stays is told after the attempts, and by its name', async () => {
    const object = aNamespace();
    jam({ status: 503 }, 'GET', Infinity);
    const before = proxy.requests.length;
    await expect(gateway.apply(object)).rejects.toMatchObject({ reason: 'unavailable', status: 503 });
    expect(proxy.requests.length - before).toBe(policy.attemptsMax);
    jam({ status: 429, headers: { 'retry-after': '30' } }, 'GET', Infinity);
    await expect(gateway.get(refOf(object))).rejects.toMatchObject({ reason: 'throttled', retryAfterMs: 30_000 });
    jam({ status: 403 }, 'PATCH', Infinity);
    await expect(gateway.apply(object)).rejects.toMatchObject({ reason: 'forbidden', isTransient: false });
    proxy.respond(null);
  });

  it('E28: a role that lacks a verb is told as such, at the call and by the review', async () => {
    const rules = reconcilerRules.map((rule) => ({ ...rule, verbs: rule.verbs.filter((verb) => verb !== 'patch') }));
    const identity = await cluster.identity(rules);
    const weak = kubernetesGateway({ kubeconfig: identity.kubeconfigFile, policy });
    await expect(weak.apply(aNamespace())).rejects.toMatchObject({ reason: 'forbidden', status: 403 });
    const question = { group: '', resource: 'namespaces', verb: 'patch' };
    expect(await weak.accessReview([question])).toEqual([{ ...question, allowed: false }]);
    await identity.setRules(reconcilerRules);
    expect(await weak.apply(aNamespace())).toMatchObject({ kind: 'applied', created: true });
  });
});
