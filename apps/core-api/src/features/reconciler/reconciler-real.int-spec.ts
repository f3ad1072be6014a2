import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clusterProxy, drawn, seededRandom, seedOfRun, sizeOfRun, type ClusterFault } from '@biplane/testing';
import { tellsWhatTheClusterHas } from '../../testing/annotation-cases.js';
import { BegunTogether } from '../../testing/begun-together.js';
import { withoutPatchOf } from '../../testing/cluster/lessened-rules.js';
import { kubernetesGateway } from '../../testing/cluster/real-gateway.js';
import {
  adoptsNobodysNamespace,
  bringsALostNamespaceBack,
  endsInOrder,
  leftToWrite,
  repairsWhatIsChanged,
  reportsAHeldNamespace,
  sweepsOnlyWhatIsGone,
  tellsAMissingRight,
} from '../../testing/reconciler-cases.js';
import type { MadeHome } from '../../testing/reconciler-rig.js';
import { BRIEF, killedAt, openScene, type ReconcilerScene } from '../../testing/reconciler-scene.js';
import { LABELS, reconcilerRules, type ClusterSettings } from '../cluster/index.js';

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
const TIMEOUT_MS = sizeOfRun({ soak: 480_000, ci: 240_000 });

const opened: ReconcilerScene[] = [];

async function open(settings: Partial<ClusterSettings> = {}): Promise<ReconcilerScene> {
  const scene = await openScene(settings);
  opened.push(scene);
  return scene;
}

const together = new BegunTogether();
const scene = (run: () => Promise<void>) => together.scene(run);
let calm: Promise<ReconcilerScene>;
beforeAll(() => {
  calm = open();
  together.begin();
});
afterAll(async () => {
  await together.ended();
  await Promise.all(opened.map((each) => each.close()));
}, TIMEOUT_MS);

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
    await killedAt(subject, point, `SEED=${seed}`);
  }
  await rig.start(gateway);
  await Promise.all(homes.map(({ homeId }) => rig.ask(homeId)));
  for (const home of homes) {
    await rig.reason(home.homeId, 'Applied', 'APPLIED');
    expect(await leftToWrite(subject, home)).toEqual([]);
  }
  await rig.stop();
  await Promise.all(homes.map(({ homeId }) => rig.desire(homeId, 'absent')));
  for (const point of REMOVE) await killedAt(subject, point, `SEED=${seed}`);
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
