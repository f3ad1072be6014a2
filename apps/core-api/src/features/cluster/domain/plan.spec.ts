import { describe, expect, it } from '@jest/globals';
import { clusterSettings, homeSpec } from '../../../testing/cluster/home-fixture.js';
import { desiredObjects } from '../desired-objects.js';
import { writesOf } from './actions.js';
import type { KubernetesObject } from './kubernetes-object.js';
import { LABELS } from './labels.js';
import { plan } from './plan.js';

const spec = homeSpec({ suspendedAt: new Date('2027-03-01T10:00:00Z'), modules: ['b', 'a'] });
const desired = desiredObjects(spec, clusterSettings());

/** As a server gives it back: with what it and its controllers keep. */
const asObserved = (object: KubernetesObject): KubernetesObject => ({
  ...structuredClone(object),
  metadata: {
    ...structuredClone(object.metadata),
    uid: `uid-${object.kind}-${object.metadata.name}`,
    resourceVersion: '7',
    creationTimestamp: '2027-01-01T00:00:00Z',
    annotations: { ...object.metadata.annotations, 'deployment.kubernetes.io/revision': '3' },
  },
  status: { phase: 'Active' },
});
const observed = desired.map(asObserved);
const without = (kind: string) => observed.filter((object) => object.kind !== kind);
const changed = (kind: string, change: (draft: Draft) => void): KubernetesObject[] =>
  observed.map((object) => {
    if (object.kind !== kind) return object;
    const draft = structuredClone(object) as unknown as Draft;
    change(draft);
    return draft as unknown as KubernetesObject;
  });
interface Draft {
  metadata: {
    labels: Record<string, string>;
    annotations: Record<string, string>;
    deletionTimestamp?: string;
    finalizers?: string[];
  };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests reach anywhere into what a server may answer
  spec: any;
}

describe('the plan', () => {
  it('writes nothing for a home that is as desired, and says so of each object', () => {
    const actions = plan(observed, desired, spec);
    expect(writesOf(actions)).toEqual([]);
    expect(new Set(actions.map((action) => `${action.do}: ${action.reason}`))).toEqual(
      new Set(['nothing: is as desired']),
    );
  });

  it('a pass over 1,000 unchanged deployments writes nothing', () => {
    const settings = clusterSettings();
    const writes = Array.from({ length: 1000 }, () => {
      const home = homeSpec();
      const objects = desiredObjects(home, settings);
      return writesOf(plan(objects.map(asObserved), objects, home)).length;
    });
    expect(writes.reduce((sum, count) => sum + count, 0)).toBe(0);
  });

  it('E22: creates whatever is missing, in the order in which it is needed', () => {
    expect(writesOf(plan([], desired, spec)).map(({ do: what }) => what)).toEqual(desired.map(() => 'create'));
    for (const { kind } of desired) {
      const actions = writesOf(plan(without(kind), desired, spec));
      expect(new Set(actions.map((action) => `${action.do} ${action.ref.kind}`))).toEqual(new Set([`create ${kind}`]));
    }
  });

  it('E23: names the fields that differ, and only these', () => {
    const actions = writesOf(
      plan(
        changed('Deployment', ({ spec: own }) => {
          own.template.spec.containers[0].image = 'registry.example/evil:latest';
          own.template.spec.containers[0].terminationMessagePath = '/dev/termination-log';
        }),
        desired,
        spec,
      ),
    );
    expect(actions).toHaveLength(1);
    expect(actions[0]).toMatchObject({
      do: 'repair',
      fields: ['spec.template.spec.containers[tenant-api].image'],
      reason: 'differs in spec.template.spec.containers[tenant-api].image',
    });
  });

  it.each([
    ['a policy without its direction', 'NetworkPolicy', (draft: Draft) => void draft.spec.policyTypes.pop()],
    ['a container more', 'Deployment', (draft: Draft) => void draft.spec.template.spec.containers.push({ name: 'x' })],
    ['another command', 'Deployment', (draft: Draft) => void (draft.spec.template.spec.containers[0].command = ['sh'])],
    ['a selector of nothing', 'Service', (draft: Draft) => void (draft.spec.selector = {})],
    ['a selector of less', 'Service', (draft: Draft) => void (draft.spec.selector['role'] = 'none')],
    [
      'Pod Security taken off',
      'Namespace',
      (draft: Draft) => void delete draft.metadata.labels['pod-security.kubernetes.io/enforce'],
    ],
    [
      'a mark of ours that we did not set',
      'Service',
      (draft: Draft) => void (draft.metadata.annotations['biplane.dev/x'] = '1'),
    ],
    ['more quota', 'ResourceQuota', (draft: Draft) => void (draft.spec.hard.pods = '100')],
  ])('repairs %s', (_, kind, change) => {
    const actions = writesOf(plan(changed(kind, change), desired, spec));
    expect(actions.length).toBeGreaterThan(0);
    expect(actions.every((action) => action.do === 'repair' && action.ref.kind === kind)).toBe(true);
  });

  it('leaves what others keep in an object that is ours', () => {
    const actions = plan(
      changed('Service', ({ metadata, spec: own }) => {
        metadata.annotations['example.com/note'] = 'theirs';
        own.clusterIP = '10.0.0.7';
        own.ports[0].nodePort = 0;
      }),
      desired,
      spec,
    );
    expect(writesOf(actions)).toEqual([]);
  });

  it.each([
    ['has no labels of ours', (draft: Draft) => void (draft.metadata.labels = {}), 'not managed by Biplane'],
    [
      'is of another deployment',
      (draft: Draft) => void (draft.metadata.labels[LABELS.deployment] = 'another'),
      'belongs to deployment another',
    ],
    [
      'is of another platform',
      (draft: Draft) => void (draft.metadata.labels[LABELS.platform] = 'another'),
      'belongs to platform another',
    ],
  ])('E19: adopts nothing that %s', (_, change, reason) => {
    const actions = plan(changed('Namespace', change), desired, spec);
    expect(actions[0]).toMatchObject({ do: 'refuse', ref: { kind: 'Namespace' } });
    expect(actions[0]?.reason).toContain(reason);
    expect(writesOf(actions)).toEqual([]);
  });

  it('E26: waits for what is being deleted, and says what holds it', () => {
    const [action] = plan(
      changed('Namespace', ({ metadata }) => {
        metadata.deletionTimestamp = '2027-01-01T00:00:00Z';
        metadata.finalizers = ['example.com/backup'];
      }),
      desired,
      spec,
    );
    expect(action).toMatchObject({ do: 'wait', reason: 'is being deleted and held by example.com/backup' });
  });

  it('takes the internal Service away, and closes its port, once no tenant service is named any more', () => {
    const open = desiredObjects(spec, clusterSettings({ internalPeers: [{ cidr: '10.40.0.0/16' }] }));
    const steps = (from: readonly KubernetesObject[], to: readonly KubernetesObject[]) =>
      writesOf(plan(from.map(asObserved), to, spec)).map(({ do: what, ref }) => `${what} ${ref.kind}/${ref.name}`);
    expect(steps(desired, open)).toEqual(['repair NetworkPolicy/tenant-api', 'create Service/tenant-api-internal']);
    expect(steps(open, desired)).toEqual(['repair NetworkPolicy/tenant-api', 'delete Service/tenant-api-internal']);
  });

  it('deletes what is no longer desired by its uid: the route first, the namespace last', () => {
    const actions = writesOf(plan(observed, [], spec));
    expect(actions).toHaveLength(observed.length);
    expect(actions.every((action) => action.do === 'delete' && action.uid.startsWith('uid-'))).toBe(true);
    const kinds = actions.map(({ ref }) => ref.kind);
    expect(kinds.slice(0, 2)).toEqual(['Ingress', 'Deployment']);
    expect(kinds.at(-1)).toBe('Namespace');
  });

  it('a route of another kind is put up before the old one is taken down', () => {
    const route = { kind: 'httproute', gateway: { namespace: 'gateways', name: 'public' } } as const;
    const actions = writesOf(plan(observed, desiredObjects(spec, clusterSettings({ route })), spec));
    expect(actions.map(({ do: what, ref }) => `${what} ${ref.kind}`)).toEqual(['create HTTPRoute', 'delete Ingress']);
  });

  it('E27: deletes nothing that is not of this very home', () => {
    const other = desiredObjects(homeSpec(), clusterSettings()).map(asObserved);
    const unmarked = asObserved({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'theirs' } });
    const actions = plan([...other, unmarked], [], spec);
    expect(writesOf(actions)).toEqual([]);
    expect(actions.filter((action) => action.do === 'refuse')).toHaveLength(other.length);
  });
});
