import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  clusterProxy,
  drawn,
  seededRandom,
  seedOfRun,
  sizeOfRun,
  spawnSource,
  testCluster,
  type ClusterFault,
  type TestCluster,
  type TestIdentity,
} from '@biplane/testing';
import { tellsWhatTheClusterHas } from '../../testing/annotation-cases.js';
import { kubernetesGateway } from '../../testing/cluster/real-gateway.js';
import { realHands } from '../../testing/cluster/cluster-hands.js';
import { withoutPatchOf } from '../../testing/cluster/lessened-rules.js';
import {
  adoptsNobodysNamespace,
  bringsALostNamespaceBack,
  endsInOrder,
  leftToWrite,
  repairsWhatIsChanged,
  reportsAHeldNamespace,
  sweepsOnlyWhatIsGone,
  tellsAMissingRight,
  type ReconcilerSubject,
} from '../../testing/reconciler-cases.js';
import { ReconcilerRig, type MadeHome } from '../../testing/reconciler-rig.js';
import { LABELS, reconcilerRules, type ClusterSettings } from '../cluster/index.js';
import { LEASE_MS } from './lease.js';

const RUNNER = new URL('../../testing/reconciler-runner.main.ts', import.meta.url);
/** No node has it: pods come to nothing, and quickly. */
const image = `registry.example/biplane/nowhere@sha256:${'cd'.repeat(32)}`;
const seed = seedOfRun();
const random = seededRandom(seed);
const PROVISION = drawn(
  [
    ...['after_write:12', 'before_record', 'after_claim'],
    ...['before_write', 'after_write', 'before_write:7', 'after_record'],
  ],
  sizeOfRun({ soak: 7, ci: 2 }),
  random,
);
const REMOVE = drawn(
  ['after_delete:3', 'after_delete', 'before_delete', 'before_delete:3'],
  sizeOfRun({ soak: 4, ci: 1 }),
  random,
);
const BRIEF = { callTimeoutMs: 10_000, attemptsMax: 4, budgetMs: 10_000, pauseBaseMs: 50, pauseMsMax: 500 };
const TIMEOUT_MS = sizeOfRun({ soak: 480_000, ci: 240_000 });

/** A reconciler with exactly its rights, over homes and a time of its own; what all share is the API server. */
interface Scene extends ReconcilerSubject {
  readonly cluster: TestCluster;
  readonly identity: TestIdentity;
}
const opened: Scene[] = [];

async function open(settings: Partial<ClusterSettings> = {}): Promise<Scene> {
  const cluster = testCluster();
  const identity = await cluster.identity(reconcilerRules);
  const rig = await ReconcilerRig.open(cluster.platform, { image, ...settings });
  const gateway = kubernetesGateway({ kubeconfig: identity.kubeconfigFile });
  const { service, pass } = await rig.start(gateway);
  const scene = { cluster, identity, rig, gateway, hands: realHands(cluster), pass, url: service.url };
  opened.push(scene);
  return scene;
}

/** Most of a scene is waiting for the cluster's controllers: all begin at once, and each test awaits its own. */
const begin: (() => Promise<void>)[] = [];
function scene(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void>;
  begin.push(() => (running = run()));
  return () => running;
}
let calm: Promise<Scene>;
let all: Promise<unknown>;
beforeAll(() => {
  calm = open();
  all = Promise.allSettled(begin.map((run) => run()));
});
afterAll(async () => {
  await all;
  await Promise.all(opened.map(({ rig }) => rig.close()));
  await Promise.all(opened.map(({ cluster }) => cluster.close()));
}, TIMEOUT_MS);

/** A reconciler in a process of its own, which dies at its point. */
async function killedAt({ rig, cluster }: Scene, point: string): Promise<void> {
  const input = { ...rig.input, kubeconfig: cluster.kubeconfigFile };
  const child = spawnSource(RUNNER, input, { FAULT_POINTS: `reconcile.${point}`, NODE_ENV: 'test' });
  const end = await child.ended;
  if (end.signal !== 'SIGKILL') throw new Error(`${point} was not reached (SEED=${seed}): ${end.output}`);
  // What it held is free again.
  rig.advance(LEASE_MS + 1_000);
}

async function outlivesFaults(): Promise<void> {
  const subject = await open();
  const { rig, cluster } = subject;
  const proxy = await clusterProxy(cluster);
  try {
    await rig.stop();
    await rig.start(kubernetesGateway({ kubeconfig: proxy.kubeconfigFile, policy: BRIEF }));
    const faults: ClusterFault[] = [
      ...[{ status: 409 }, { status: 429, headers: { 'retry-after': '1' } }, { status: 503 }],
      ...(['reset', 'lose-answer', 'truncate'] as const),
    ];
    proxy.respond(({ method }) => (method === 'PATCH' ? faults.shift() : null));
    const home = await rig.home();
    await rig.reason(home.homeId, 'Applied', 'APPLIED');
    expect(faults).toEqual([]);
    proxy.respond(() => 'reset');
    const second = await rig.home();
    await rig.reason(second.homeId, 'Applied', 'CLUSTER_UNREACHABLE');
    proxy.respond(null);
    await rig.ask(second.homeId);
    await rig.reason(second.homeId, 'Applied', 'APPLIED');
    for (const each of [home, second]) expect(await leftToWrite(subject, each)).toEqual([]);
    await rig.stop();
  } finally {
    await proxy.close();
  }
}

async function isCompletedByAnother(): Promise<void> {
  const subject = await open();
  const { rig, cluster, gateway } = subject;
  await rig.stop();
  const homes: MadeHome[] = [];
  for (const point of PROVISION) {
    homes.push(await rig.home());
    await killedAt(subject, point);
  }
  await rig.start(gateway);
  await Promise.all(homes.map(({ homeId }) => rig.ask(homeId)));
  for (const home of homes) {
    await rig.reason(home.homeId, 'Applied', 'APPLIED');
    expect(await leftToWrite(subject, home)).toEqual([]);
  }
  await rig.stop();
  await Promise.all(homes.map(({ homeId }) => rig.desire(homeId, 'absent')));
  for (const point of REMOVE) await killedAt(subject, point);
  await rig.start(gateway);
  await Promise.all(homes.map(({ homeId }) => rig.ask(homeId)));
  for (const home of homes) await rig.reason(home.homeId, 'Gone', 'GONE');
  for (const { namespace } of homes) expect(await cluster.get(`/api/v1/namespaces/${namespace}`)).toBeNull();
}

describe('the reconciler over a real API server', () => {
  it(
    'killed at every step of making and removing a home, another completes it and no orphan stays',
    scene(isCompletedByAnother),
    TIMEOUT_MS,
  );

  it(
    'E22, E23: each owned object that somebody edits or deletes is repaired, and the audit says what differed',
    scene(async () => repairsWhatIsChanged(await calm)),
    TIMEOUT_MS,
  );

  it(
    'E22: the namespace of a home that lives, deleted by hand, is made anew with all that was in it, and the audit says so',
    scene(async () => bringsALostNamespaceBack(await calm)),
    TIMEOUT_MS,
  );

  it(
    'behind a Gateway a home has an HTTPRoute, which is applied, repaired and left alone as every other object is',
    scene(async () => {
      const gateway = { namespace: 'gateways', name: 'public', sectionName: 'https' };
      const subject = await open({ route: { kind: 'httproute', gateway } });
      await repairsWhatIsChanged(subject);
      const labels = encodeURIComponent(`${LABELS.platform}=${subject.rig.input.platform}`);
      const at = `/apis/gateway.networking.k8s.io/v1/httproutes?labelSelector=${labels}`;
      const routes = await subject.cluster.get<{ items: unknown[] }>(at);
      expect(routes?.items).toEqual([
        expect.objectContaining({ spec: expect.objectContaining({ parentRefs: [expect.objectContaining(gateway)] }) }),
      ]);
    }),
    TIMEOUT_MS,
  );

  it(
    "another tenant's namespace cannot be adopted, nor one that is nobody's, and nothing is written into it",
    scene(async () => adoptsNobodysNamespace(await calm)),
    TIMEOUT_MS,
  );

  it(
    'a home that shall be no more ends its workload, then its namespace, and is gone when it was seen gone',
    scene(async () => endsInOrder(await calm)),
    TIMEOUT_MS,
  );

  it(
    'E26: a namespace that is held by a finalizer is reported after its deadline, and gone only when it is',
    scene(async () => reportsAHeldNamespace(await open())),
    TIMEOUT_MS,
  );

  it(
    'E27: an orphan is reported first; only that of a home that is known to be gone is deleted, and then later',
    scene(async () => sweepsOnlyWhatIsGone(await open())),
    TIMEOUT_MS,
  );

  it(
    'E25: an image that is nowhere is told as what it is, from what the cluster returned',
    scene(async () => {
      const { rig } = await calm;
      const { homeId } = await rig.home();
      await rig.reason(homeId, 'Available', 'IMAGE_PULL');
    }),
    TIMEOUT_MS,
  );

  it(
    'E20: 409, 429, 5xx, resets and lost answers in its middle, and an API server that is away for a while, delay a home and break nothing',
    scene(outlivesFaults),
    TIMEOUT_MS,
  );

  it(
    'E28: a right that is missing is told by name, all else is done, and the process lives',
    scene(async () => {
      const subject = await open();
      const { identity } = subject;
      const takeAway = () => identity.setRules(withoutPatchOf('ingresses'));
      await tellsAMissingRight(subject, { takeAway, giveBack: () => identity.setRules(reconcilerRules) });
    }),
    TIMEOUT_MS,
  );

  it(
    'what the annotations of a namespace say is told as the cluster returned it, whatever they shall say and whoever wrote them',
    scene(async () => {
      const subject = await open();
      const { identity } = subject;
      const takeAway = () => identity.setRules(withoutPatchOf('namespaces'));
      await tellsWhatTheClusterHas(subject, { takeAway, giveBack: () => identity.setRules(reconcilerRules) });
    }),
    TIMEOUT_MS,
  );
});
