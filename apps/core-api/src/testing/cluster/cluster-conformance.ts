import assert from 'node:assert/strict';
import { eventually } from '@biplane/testing';
import {
  ANNOTATIONS,
  desiredObjects,
  FIELD_MANAGER,
  homeSelector,
  LABELS,
  namespaceName,
  platformLabels,
  reconcilerAccess,
  refOf,
  writesOf,
  type ClusterGateway,
  type ClusterHint,
  type KubernetesObject,
} from '../../features/cluster/index.js';
import type { ClusterHands } from './cluster-hands.js';
import { converge, planFor } from './converge.js';
import { clusterSettings, homeSpec } from './home-fixture.js';

export interface ClusterSubject {
  readonly gateway: ClusterGateway;
  readonly hands: ClusterHands;
  /** Unlike that of every other run. */
  readonly platform: string;
}

export interface ClusterCase {
  readonly title: string;
  run(subject: ClusterSubject): Promise<void>;
}

const settings = clusterSettings();

function aHome({ platform }: ClusterSubject, changes: Parameters<typeof homeSpec>[0] = {}) {
  const spec = homeSpec({ platform, ...changes });
  const objects = desiredObjects(spec, settings);
  const of = (kind: string, name?: string): KubernetesObject =>
    objects.find((object) => object.kind === kind && (name === undefined || object.metadata.name === name))!;
  return { spec, objects, of };
}

const writtenRefs = async (subject: ClusterSubject, home: ReturnType<typeof aHome>) =>
  writesOf(await planFor(subject.gateway, home.spec, home.objects)).map(({ do: what, ref }) => `${what} ${ref.kind}`);

/** What the reconciler relies on, of any cluster behind the port. Run each with `it.each(clusterConformance)`. */
export const clusterConformance: readonly ClusterCase[] = [
  {
    title: 'E22: a home is made from nothing, its missing objects again, and then no pass writes anything',
    async run(subject) {
      const home = aHome(subject);
      const outcomes = await converge(subject.gateway, home.spec, home.objects);
      assert.equal(outcomes.length, home.objects.length);
      assert.ok(outcomes.every((outcome) => outcome.kind === 'applied' && outcome.created));
      assert.deepEqual(await writtenRefs(subject, home), []);
      await subject.hands.remove(refOf(home.of('Service')));
      await subject.hands.remove(refOf(home.of('NetworkPolicy', 'default-deny')));
      await converge(subject.gateway, home.spec, home.objects);
      assert.deepEqual(await writtenRefs(subject, home), []);
    },
  },
  {
    title: 'what is applied twice is as if applied once',
    async run({ gateway, ...rest }) {
      const { of } = aHome({ gateway, ...rest });
      const first = await gateway.apply(of('Namespace'));
      const second = await gateway.apply(of('Namespace'));
      assert.ok(first.kind === 'applied' && second.kind === 'applied');
      assert.deepEqual([first.created, second.created], [true, false]);
      assert.equal(second.object.metadata.uid, first.object.metadata.uid);
      assert.deepEqual(second.conflicts, []);
    },
  },
  {
    title: 'two reconcilers at once make one home, and neither sees a conflict',
    async run(subject) {
      const home = aHome(subject);
      const passes = [1, 2].map(() => converge(subject.gateway, home.spec, home.objects));
      const outcomes = (await Promise.all(passes)).flat();
      assert.deepEqual(
        outcomes.filter((outcome) => outcome.kind !== 'applied' || outcome.conflicts.length > 0),
        [],
      );
      assert.deepEqual(await writtenRefs(subject, home), []);
    },
  },
  {
    title: 'E19: a field of ours that somebody else changed is taken back, and the other manager is named',
    async run(subject) {
      const home = aHome(subject);
      await converge(subject.gateway, home.spec, home.objects);
      const ref = refOf(home.of('Deployment'));
      await subject.hands.edit(ref, { spec: { replicas: 3 } });
      const [action] = writesOf(await planFor(subject.gateway, home.spec, home.objects));
      assert.ok(action?.do === 'repair');
      assert.deepEqual(action.fields, ['spec.replicas']);
      const [outcome] = await converge(subject.gateway, home.spec, home.objects);
      assert.ok(outcome?.kind === 'applied');
      assert.ok(outcome.object.metadata.managedFields?.some(({ manager }) => manager === FIELD_MANAGER));
      assert.deepEqual(outcome.conflicts, [{ manager: 'kubectl-edit', fields: ['.spec.replicas'] }]);
      assert.equal((outcome.object['spec'] as { replicas: number }).replicas, 1);
    },
  },
  {
    title: 'E19: an object that does not carry our deployment label is never touched',
    async run(subject) {
      const home = aHome(subject);
      const { gateway, hands } = subject;
      await gateway.apply(home.of('Namespace'));
      const secret = home.of('Secret');
      await hands.create({ ...secret, metadata: { ...secret.metadata, labels: {} } });
      const foreign = home.of('ConfigMap', 'trust-root');
      const labels = { ...foreign.metadata.labels, [LABELS.deployment]: homeSpec().deploymentId };
      await hands.create({ ...foreign, metadata: { ...foreign.metadata, labels }, data: { whose: 'theirs' } });
      for (const [object, reason] of [
        [secret, /not managed by Biplane/],
        [foreign, /belongs to deployment/],
      ] as const) {
        const before = await gateway.get(refOf(object));
        const outcome = await gateway.apply(object);
        assert.ok(outcome.kind === 'refused');
        assert.match(outcome.reason, reason);
        assert.equal((await gateway.get(refOf(object)))?.metadata.resourceVersion, before?.metadata.resourceVersion);
      }
      await converge(gateway, home.spec, home.objects);
      assert.equal(
        (await gateway.get(refOf(foreign)))?.metadata.labels?.[LABELS.deployment],
        labels[LABELS.deployment],
      );
      const refused = (await planFor(gateway, home.spec, home.objects)).filter((action) => action.do === 'refuse');
      assert.deepEqual(refused.map(({ ref }) => ref.kind).sort(), ['ConfigMap', 'Secret']);
    },
  },
  {
    title: 'E23: what others put where all is ours is taken out, and what they keep elsewhere stays',
    async run(subject) {
      const home = aHome(subject);
      const { gateway, hands } = subject;
      await converge(gateway, home.spec, home.objects);
      const deployment = refOf(home.of('Deployment'));
      const observed = await gateway.get(deployment);
      const pod = (observed as unknown as { spec: { template: { spec: { containers: { env: unknown[] }[] } } } }).spec
        .template.spec;
      const [container] = pod.containers;
      const sidecar = { ...container, name: 'sidecar', image: 'registry.example/other:1', ports: [] };
      const command = ['node'];
      const env = [{ name: 'NODE_OPTIONS', value: '--inspect' }, ...container!.env];
      await hands.edit(deployment, {
        metadata: { annotations: { 'example.com/note': 'theirs', [ANNOTATIONS.suspendedAt]: 'never' } },
        spec: {
          template: {
            spec: {
              containers: [{ ...container, env, command }, sidecar],
              hostAliases: [{ ip: '1.2.3.4', hostnames: ['kafka'] }],
            },
          },
        },
      });
      const policy = refOf(home.of('NetworkPolicy', 'default-deny'));
      await hands.edit(policy, { spec: { ingress: [{}], podSelector: { matchLabels: { app: 'none' } } } });
      await hands.edit(refOf(home.of('ConfigMap', 'tenant-api-settings')), { data: { NODE_OPTIONS: '--inspect' } });
      assert.equal((await writtenRefs(subject, home)).length, 3);
      await converge(gateway, home.spec, home.objects);
      assert.deepEqual(await writtenRefs(subject, home), []);
      const repaired = (await gateway.get(deployment))!;
      assert.equal(repaired.metadata.annotations?.['example.com/note'], 'theirs');
      assert.equal(repaired.metadata.annotations?.[ANNOTATIONS.suspendedAt], undefined);
      assert.doesNotMatch(JSON.stringify(repaired['spec']), /inspect|sidecar|"command"|1\.2\.3\.4/);
    },
  },
  {
    title: 'what is no longer desired of an object is taken out by the next apply',
    async run(subject) {
      const home = aHome(subject, { suspendedAt: new Date('2027-03-01T10:00:00Z'), replicas: 0 });
      await converge(subject.gateway, home.spec, home.objects);
      const resumed = { ...home.spec, suspendedAt: null, replicas: 1, modules: [] };
      const objects = desiredObjects(resumed, settings);
      await converge(subject.gateway, resumed, objects);
      const namespace = await subject.gateway.get(refOf(home.of('Namespace')));
      assert.equal(namespace?.metadata.annotations?.[ANNOTATIONS.suspendedAt], undefined);
      assert.equal(namespace?.metadata.annotations?.[ANNOTATIONS.modules], '');
      assert.deepEqual(writesOf(await planFor(subject.gateway, resumed, objects)), []);
    },
  },
  {
    title: 'objects are listed by all of their labels, of one namespace or of all, and a kind that is unknown has none',
    async run(subject) {
      const [left, right] = [aHome(subject), aHome(subject)];
      const { gateway, platform } = subject;
      for (const home of [left, right]) {
        await gateway.apply(home.of('Namespace'));
        await gateway.apply(home.of('Service'));
      }
      const names = async (query: Parameters<ClusterGateway['list']>[0]) =>
        (await gateway.list(query))
          .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? metadata.name}`)
          .sort();
      const namespaces = [left, right].map(({ spec }) => namespaceName(spec.homeId)).sort();
      const own = namespaceName(left.spec.homeId);
      const all = { kind: 'Service', labels: platformLabels(platform) };
      assert.deepEqual(
        (await names(all)).filter((name) => namespaces.some((namespace) => name.endsWith(namespace))),
        namespaces.map((namespace) => `Service ${namespace}`),
      );
      assert.deepEqual(await names({ kind: 'Service', labels: homeSelector(platform, left.spec.homeId) }), [
        `Service ${own}`,
      ]);
      assert.deepEqual(await names({ ...all, namespace: own }), [`Service ${own}`]);
      assert.deepEqual(await names({ kind: 'Service', labels: homeSelector('another', left.spec.homeId) }), []);
      assert.deepEqual(await names({ kind: 'HTTPRoute', labels: homeSelector(platform, left.spec.homeId) }), []);
    },
  },
  {
    title: 'a deletion is of one very object: what has its name since then stays',
    async run({ gateway, hands, platform }) {
      const { of } = aHome({ gateway, hands, platform });
      const ref = refOf(of('Service'));
      await gateway.apply(of('Namespace'));
      const first = await gateway.apply(of('Service'));
      await hands.remove(ref);
      await gateway.apply(of('Service'));
      assert.ok(first.kind === 'applied');
      assert.equal(await gateway.delete(ref, { uid: first.object.metadata.uid! }), 'replaced');
      const second = await gateway.get(ref);
      assert.notEqual(second?.metadata.uid, first.object.metadata.uid);
      assert.notEqual(await gateway.delete(ref, { uid: second!.metadata.uid! }), 'replaced');
      await eventually(async () => assert.equal(await gateway.get(ref), null));
      assert.equal(await gateway.delete(ref), 'gone');
    },
  },
  {
    title: 'E26: a namespace that is held by a finalizer is waited for, nothing is put into it, and then it goes',
    async run(subject) {
      const { gateway, hands } = subject;
      const home = aHome(subject);
      await converge(gateway, home.spec, home.objects);
      const held = refOf(home.of('ConfigMap', 'trust-root'));
      await hands.setFinalizers(held, ['example.com/backup']);
      await eventually(async () => {
        await converge(gateway, home.spec, []);
        const rest = await planFor(gateway, home.spec, []);
        assert.deepEqual(rest.map(({ do: what, ref }) => `${what} ${ref.kind}`).sort(), [
          'wait ConfigMap',
          'wait Namespace',
        ]);
        assert.match(rest.find(({ ref }) => ref.kind === 'ConfigMap')!.reason, /held by .*example\.com\/backup/);
      });
      await assert.rejects(gateway.apply(home.of('Service')), { name: 'ClusterError', reason: 'forbidden' });
      const namespace = refOf(home.of('Namespace'));
      assert.equal((await planFor(gateway, home.spec, home.objects))[0]?.do, 'wait');
      await hands.setFinalizers(held, []);
      await eventually(async () => assert.equal(await gateway.get(namespace), null));
      assert.deepEqual(await planFor(gateway, home.spec, []), []);
    },
  },
  {
    title: 'E24: a watch says at its start that anything may have changed, and then which objects of its labels did',
    async run(subject) {
      const { gateway, hands, platform } = subject;
      const [home, other] = [aHome(subject), aHome(subject)];
      await gateway.apply(home.of('Namespace'));
      await gateway.apply(other.of('Namespace'));
      const hints: ClusterHint[] = [];
      const query = { kind: 'Service', labels: homeSelector(platform, home.spec.homeId) };
      const watching = gateway.watch(query, (hint) => hints.push(hint));
      await eventually(() => assert.equal(hints[0]?.ref, null));
      await gateway.apply(other.of('Service'));
      await gateway.apply(home.of('Service'));
      await eventually(() => assert.deepEqual(hints[1]?.ref, refOf(home.of('Service'))));
      assert.equal(hints[1]?.labels[LABELS.home], home.spec.homeId);
      const before = hints.length;
      await hands.remove(refOf(home.of('Service')));
      await eventually(() => assert.ok(hints.length > before));
      await watching.stop();
      assert.ok(hints.every(({ ref }) => ref === null || ref.namespace === namespaceName(home.spec.homeId)));
    },
  },
  {
    title: 'E28: every right of the reconciler is asked for by itself',
    async run({ gateway }) {
      // Whether it may do more depends on whose the credentials are: the suite of the reconciler's rights says it of its own.
      const answers = await gateway.accessReview(reconcilerAccess);
      assert.deepEqual(
        answers,
        reconcilerAccess.map((question) => ({ ...question, allowed: true })),
      );
    },
  },
  {
    title: 'a dry run says what the server would say, and leaves nothing',
    async run({ gateway, ...rest }) {
      const { of } = aHome({ gateway, ...rest });
      assert.deepEqual(await gateway.serverDryRun(of('Namespace')), { accepted: true, warnings: [] });
      assert.equal(await gateway.get(refOf(of('Namespace'))), null);
      const refused = await gateway.serverDryRun(of('Service'));
      assert.ok(!refused.accepted);
      assert.match(refused.reason, /not found/);
    },
  },
];
