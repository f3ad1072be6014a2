import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clusterProxy, sizeOfRun, waitFor, type ClusterFault } from '@biplane/testing';
import { BegunTogether } from '../../testing/begun-together.js';
import { leavesAnOrphan, leavesAnUnknown, namespaceOf } from '../../testing/reconciler-cases.js';
import type { MadeHome } from '../../testing/reconciler-rig.js';
import { kubernetesGateway } from '../../testing/cluster/real-gateway.js';
import { allHave, eachIsItsOwn, manyHomes, nothingTwice, sent } from '../../testing/reconciler-many.js';
import {
  BRIEF,
  killedAt,
  openGround,
  startProcess,
  type ReconcilerGround,
  type ReconcilerProcess,
} from '../../testing/reconciler-scene.js';
import { platformLabels, refOf, type KubernetesObject } from '../cluster/index.js';
import { LEASE_MS } from './lease.js';
import { REPORTED_MS_MIN } from './orphan-sweep.js';

const HOMES = 100;
/** Of which so many are removed again: a namespace in its end costs the cluster more than one that is made. */
const REMOVED = sizeOfRun({ soak: HOMES, ci: 40 });
/** As many homes as one process looks at at once. */
const IN_FLIGHT = 8;
const BACK_OFF_MS_MAX = 60_000;
const TIMEOUT_MS = 300_000;
const STOPPED = { type: 'Available', reason: 'STOPPED' };

type Many = Awaited<ReturnType<typeof openMany>>;
const together = new BegunTogether();
let many: Promise<Many>;
const opened: ReconcilerGround[] = [];
const processes: ReconcilerProcess[] = [];

async function open(): Promise<ReconcilerGround> {
  const ground = await openGround();
  opened.push(ground);
  return ground;
}

async function start(ground: ReconcilerGround): Promise<ReconcilerProcess> {
  const started = await startProcess(ground);
  processes.push(started);
  return started;
}

beforeAll(() => together.begin());
afterAll(async () => {
  await together.ended();
  await Promise.all(processes.map((each) => each.close()));
  await Promise.all(opened.map((each) => each.close()));
}, TIMEOUT_MS);

/** The ids of the homes that are still to be looked at. */
async function waiting({ rig }: ReconcilerGround): Promise<Set<string>> {
  const rows = await rig.postgres.query<{ home_id: string }>('SELECT home_id FROM reconcile_request');
  return new Set(rows.map(({ home_id }) => home_id));
}

/** A hundred homes and two processes for them. */
async function openMany() {
  const ground = await open();
  const two = (await Promise.all([start(ground), start(ground)])) as [ReconcilerProcess, ReconcilerProcess];
  await waitFor('both to look around', () => two.every(({ proxy }) => proxy.requests.length > 0));
  return { ground, two, homes: await manyHomes(ground.rig, HOMES, 'stopped') };
}

async function areBroughtAbout(made: Many): Promise<Many> {
  const { ground, two, homes } = made;
  const { rig, gateway } = ground;
  await allHave(rig, homes, STOPPED, TIMEOUT_MS);
  await rig.settled(TIMEOUT_MS);
  for (const each of two) expect(sent([each], 'PATCH').length).toBeGreaterThan(0);
  const { pass } = await rig.start(gateway);
  expect(await pass()).toEqual([]);
  await eachIsItsOwn(ground, homes);
  await nothingTwice(rig, homes, sent(two, 'PATCH'));
  await rig.stop();
  return made;
}

async function areRemoved({ ground, two, homes: all }: Many): Promise<void> {
  const { rig, gateway } = ground;
  const [homes, kept] = [all.slice(0, REMOVED), all.slice(REMOVED)];
  const [killed] = two;
  let deletes = 0;
  killed.proxy.respond(({ method }) => {
    if (method === 'DELETE' && (deletes += 1) === REMOVED / 2) killed.child.kill('SIGKILL');
    return null;
  });
  await Promise.all(homes.map(({ homeId }) => rig.desire(homeId, 'absent')));
  expect(await killed.child.ended).toMatchObject({ signal: 'SIGKILL' });
  const isAllButHeld = async () => {
    const ids = await waiting(ground);
    return ids.size <= IN_FLIGHT && ids;
  };
  const left = await waitFor('the end of all that it did not hold', isAllButHeld, { deadlineMs: TIMEOUT_MS });
  expect(left.size).toBeGreaterThan(0);
  rig.advance(LEASE_MS + 1_000);
  await allHave(rig, homes, { type: 'Gone', reason: 'GONE' }, TIMEOUT_MS);
  await rig.settled();
  const labels = platformLabels(rig.input.platform);
  const there = (await gateway.list({ kind: 'Namespace', labels })).map(({ metadata }) => metadata.name);
  expect(there.sort()).toEqual(kept.map(({ namespace }) => namespace).sort());
  const deleted = sent(two, 'DELETE');
  const twice = deleted.filter((path, index) => deleted.indexOf(path) !== index);
  const homesOf = (paths: readonly string[]) => {
    const names = new Set(paths.flatMap((path) => path.split('/')));
    return homes.filter(({ namespace }) => names.has(namespace));
  };
  expect(homesOf(deleted)).toEqual(homes);
  expect(homesOf(twice).filter(({ homeId }) => !left.has(homeId))).toEqual([]);
}

interface Away {
  readonly fault: ClusterFault;
  readonly callTimeoutMs: number;
  readonly attemptsMax: number;
}

/** Fewer than one home has objects: none is made before the API server goes away. */
const WRITTEN_BEFORE = 12;

/** After so many writes the API server is away, until the Clock has moved by more than a minute. */
async function isAwayInTheMiddle({ fault, ...brief }: Away): Promise<void> {
  const ground = await open();
  const { rig, cluster, identity } = ground;
  const proxy = await clusterProxy(cluster, { as: identity });
  const written: string[] = [];
  const away = { requests: 0 };
  proxy.respond(({ method, path }) => {
    const isWrite = method === 'PATCH';
    if (away.requests > 0 || (isWrite && written.length === WRITTEN_BEFORE)) {
      if (path.includes('/t-')) away.requests += 1;
      return fault;
    }
    if (isWrite) written.push(path.split('?')[0]!);
    return null;
  });
  await rig.start(kubernetesGateway({ kubeconfig: proxy.kubeconfigFile, policy: { ...BRIEF, ...brief } }));
  const homes = await manyHomes(rig, 6, 'stopped');
  /** All of them once each has failed so often and none is being looked at. */
  const failed = (looks: number) => {
    const areFailed = async () => {
      const rows = await rig.postgres.query<{ attempts: number; due_at: Date }>(
        'SELECT attempts, due_at FROM reconcile_request WHERE attempts >= $1 AND lease_holder IS NULL',
        [looks],
      );
      return rows.length === homes.length && rows;
    };
    return waitFor(`${looks} looks that failed`, areFailed, { deadlineMs: TIMEOUT_MS });
  };
  let rows = await failed(1);
  const conditions = () => Promise.all(homes.map(({ homeId }) => rig.condition(homeId, 'Applied')));
  const first = await conditions();
  expect(new Set(first.map((condition) => condition?.reason))).toEqual(new Set(['CLUSTER_UNREACHABLE']));
  const since = Math.max(...first.map((condition) => condition!.since.getTime()));
  while (rig.now().getTime() - since < BACK_OFF_MS_MAX) {
    for (const { attempts, due_at } of rows) {
      const pauseMs = Math.min(BACK_OFF_MS_MAX, 1_000 * 2 ** (attempts - 1));
      expect(due_at.getTime() - rig.now().getTime()).toBeLessThanOrEqual(pauseMs);
    }
    const dueAt = Math.max(...rows.map(({ due_at }) => due_at.getTime()));
    rig.advance(Math.max(0, dueAt - rig.now().getTime()));
    rows = await failed(Math.min(...rows.map(({ attempts }) => attempts)) + 1);
  }
  // Told since when, all the time; and asked no more often than the pauses let it.
  expect((await conditions()).map((condition) => condition?.since)).toEqual(first.map((condition) => condition?.since));
  const looks = rows.reduce((sum, { attempts }) => sum + attempts, 0);
  expect(looks).toBeLessThanOrEqual(homes.length * 9);
  expect(away.requests).toBeLessThanOrEqual(looks * brief.attemptsMax);

  proxy.respond(({ method, path }) => {
    if (method === 'PATCH') written.push(path.split('?')[0]!);
    return null;
  });
  rig.advance(BACK_OFF_MS_MAX);
  await allHave(rig, homes, STOPPED, TIMEOUT_MS);
  await rig.settled();
  await eachIsItsOwn(ground, homes);
  await nothingTwice(rig, homes, written);
  await rig.stop();
  await proxy.close();
}

function isLeftAlone(object: KubernetesObject | null): void {
  expect(object).toMatchObject({ metadata: { uid: expect.any(String) } });
  expect(object).not.toHaveProperty('metadata.deletionTimestamp');
}

async function isSweptByAnother(): Promise<void> {
  const ground = await open();
  const { rig, gateway } = ground;
  const { pass } = await rig.start(gateway);
  const [orphan, lives] = (await manyHomes(rig, 2, 'stopped')) as [MadeHome, MadeHome];
  await allHave(rig, [orphan, lives], STOPPED, TIMEOUT_MS);
  await rig.desire(orphan.homeId, 'absent');
  await rig.reason(orphan.homeId, 'Gone', 'GONE');
  await leavesAnOrphan(ground, orphan);
  const unknown = await leavesAnUnknown(ground);
  await pass();
  await rig.stop();
  rig.advance(REPORTED_MS_MIN);
  await killedAt(ground, 'before_sweep', 'the orphan');
  const kept = await gateway.get(namespaceOf(orphan));
  isLeftAlone(kept);

  await rig.start(gateway);
  await waitFor('the sweep', async () => (await gateway.get(namespaceOf(orphan))) === null, { deadlineMs: TIMEOUT_MS });
  await rig.settled();
  const deleted = `SELECT object_id AS uid FROM audit_entry WHERE action = 'home.orphan_deleted'`;
  expect(await rig.postgres.query(deleted)).toEqual([{ uid: kept?.metadata.uid }]);
  isLeftAlone(await gateway.get(refOf(unknown)));
  await eachIsItsOwn(ground, [lives]);
  await rig.stop();
}

describe('many homes over a real API server', () => {
  it(
    'two processes bring a hundred homes of hostile names about at once, each its own, and do nothing twice',
    together.scene(async () => void (await (many = openMany().then(areBroughtAbout)))),
    TIMEOUT_MS,
  );

  it(
    'of two processes that remove many homes one is killed, and the other completes what it held when the lease ends',
    async () => areRemoved(await many),
    TIMEOUT_MS,
  );
});

describe('a reconciler whose API server goes away', () => {
  const aways: Record<string, Away> = {
    'resets connections': { fault: 'reset', callTimeoutMs: 10_000, attemptsMax: 4 },
    hangs: { fault: 'hang', callTimeoutMs: 5_000, attemptsMax: 1 },
  };
  const scenes = Object.entries(aways).map(
    ([what, away]) => [what, together.scene(() => isAwayInTheMiddle(away))] as const,
  );
  it.each(scenes)(
    'E20: one that %s for a minute in the middle of making homes delays them, told since when, and nothing is done twice',
    (_, run) => run(),
    TIMEOUT_MS,
  );
});

describe('a sweep that is killed', () => {
  it('before it deletes an orphan, another sweeps it, and nothing else', together.scene(isSweptByAnother), TIMEOUT_MS);
});
