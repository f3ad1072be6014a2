import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sizeOfRun, waitFor } from '@biplane/testing';
import { annotationsOf, tellsWhatTheClusterHas } from '../../testing/annotation-cases.js';
import { inMemoryHands } from '../../testing/cluster/cluster-hands.js';
import { InMemoryCluster } from '../../testing/cluster/in-memory-cluster.js';
import {
  adoptsNobodysNamespace,
  endsInOrder,
  leftToWrite,
  repaired,
  repairsWhatIsChanged,
  reportsAHeldNamespace,
  sweepsOnlyWhatIsGone,
  tellsAMissingRight,
  type ReconcilerSubject,
} from '../../testing/reconciler-cases.js';
import { eachIsItsOwn, manyHomes } from '../../testing/reconciler-many.js';
import { ReconcilerRig, type MadeHome } from '../../testing/reconciler-rig.js';
import { ClusterError, LABELS } from '../cluster/index.js';

const HOMES = sizeOfRun({ soak: 1_000, ci: 24 });
const TIMEOUT_MS = sizeOfRun({ soak: 600_000, ci: 90_000 });
let rig: ReconcilerRig;
let cluster: InMemoryCluster;
let subject: ReconcilerSubject;

beforeAll(async () => {
  rig = await ReconcilerRig.open('memory');
  cluster = new InMemoryCluster({ rollsOut: true, now: () => rig.now() });
  const { service, pass } = await rig.start(cluster);
  subject = { rig, gateway: cluster, hands: inMemoryHands(cluster), pass, url: service.url };
});
afterAll(() => rig?.close());

async function available(home: MadeHome): Promise<void> {
  await rig.reason(home.homeId, 'Available', 'AVAILABLE');
}
const ofHome = ({ homeId }: MadeHome) =>
  cluster.objects().filter(({ metadata }) => metadata.labels?.[LABELS.home] === homeId);

describe('the reconciler over a cluster in memory', () => {
  it('E22, E23: each owned object that somebody edits or deletes is repaired, and the audit says what differed', () =>
    repairsWhatIsChanged(subject));

  it("another tenant's namespace cannot be adopted, nor one that is nobody's, and nothing is written into it", () =>
    adoptsNobodysNamespace(subject));

  it('a home that shall be no more ends its workload, then its namespace, and is gone when it was seen gone', () =>
    endsInOrder(subject));

  it('E26: a namespace that is held by a finalizer is reported after its deadline, and gone only when it is', () =>
    reportsAHeldNamespace(subject));

  it('E27: an orphan is reported first; only that of a home that is known to be gone is deleted, and then later', () =>
    sweepsOnlyWhatIsGone(subject));

  it('brings a home about, says so only by what the cluster returned, and then has nothing to do', async () => {
    const home = await rig.home();
    await available(home);
    await rig.settled();
    expect((await rig.audited(home.homeId)).map(({ action }) => action)).toEqual(['home.applied']);
    expect(await leftToWrite(subject, home)).toEqual([]);
    const rows = await rig.postgres.query('SELECT conditions FROM home_observation WHERE home_id = $1', [home.homeId]);
    expect(JSON.stringify(rows)).toContain('AVAILABLE');
  });

  it('a stopped home keeps everything but its pods, is told stopped when none is left, and runs again', async () => {
    const home = await rig.home();
    await available(home);
    await rig.desire(home.homeId, 'stopped');
    await rig.reason(home.homeId, 'Available', 'STOPPED');
    expect(ofHome(home).find(({ kind }) => kind === 'Deployment')).toMatchObject({ spec: { replicas: 0 } });
    await rig.desire(home.homeId, 'running');
    await available(home);
    const stops = await rig.postgres.query('SELECT to_at FROM home_stop WHERE home_id = $1', [home.homeId]);
    expect(stops).toEqual([{ to_at: expect.any(Date) }]);
  });

  it('E24: with no hint at all the pass alone finds what was changed, and a watch that starts over loses nothing', async () => {
    const home = await rig.home();
    await available(home);
    cluster.dropWatches();
    const service = ofHome(home).find(({ kind }) => kind === 'Service')!;
    cluster.remove({ apiVersion: 'v1', kind: 'Service', namespace: home.namespace, name: service.metadata.name });
    await repaired(subject, home);
  });

  it('E28: a right that is missing is told by name, all else is done, and the process lives', () =>
    tellsAMissingRight(subject, {
      takeAway: async () => cluster.forbid('patch', 'Ingress'),
      giveBack: async () => cluster.permit('patch', 'Ingress'),
    }));

  it('E20: each kind of failure of the API server is told with its reason, backed off from and got over', async () => {
    const reasons = {
      unavailable: 'CLUSTER_UNREACHABLE',
      throttled: 'THROTTLED',
      invalid: 'INVALID',
      conflict: 'CONFLICT',
    } as const;
    for (const [reason, code] of Object.entries(reasons)) {
      const home = await rig.home({}, false);
      const ref = { apiVersion: 'v1', kind: 'Secret', namespace: home.namespace, name: 'enrollment' };
      cluster.failNext('apply', new ClusterError(reason as keyof typeof reasons, 'as the test wants it'), ref);
      await rig.ask(home.homeId);
      const told = 'SELECT 1 FROM home_observation WHERE home_id = $1 AND conditions::text LIKE $2';
      await waitFor(code, async () => (await rig.postgres.query(told, [home.homeId, `%${code}%`])).length > 0);
      await available(home);
    }
  });

  it(
    'two reconcilers at once bring many homes of hostile names about, each its own, and one that ends gives its homes back',
    async () => {
      const second = await rig.start(cluster);
      const homes = await manyHomes(rig, HOMES);
      await second.service.close();
      for (const home of homes) await rig.reason(home.homeId, 'Available', 'AVAILABLE', 30_000);
      await rig.settled(TIMEOUT_MS);
      await eachIsItsOwn(subject, homes);
      const drift = `SELECT 1 FROM audit_entry WHERE action = 'home.drift_repaired' AND object_id = ANY($1)`;
      expect(await rig.postgres.query(drift, [homes.map(({ homeId }) => homeId)])).toEqual([]);
      expect(await rig.postgres.query('SELECT 1 FROM reconcile_request WHERE lease_holder IS NOT NULL')).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('what the annotations of a namespace say is told as the cluster returned it, whatever they shall say and whoever wrote them', () =>
    tellsWhatTheClusterHas(subject, {
      takeAway: async () => cluster.forbid('patch', 'Namespace'),
      giveBack: async () => cluster.permit('patch', 'Namespace'),
    }));

  it('the next pass has those homes looked at whose annotations nobody has read yet, though nothing else changed', async () => {
    const home = await rig.home();
    await available(home);
    await rig.settled();
    const known = await annotationsOf(subject, home);
    expect(known).toMatchObject({ modules: ['financials', 'studio'], since: expect.any(Date) });
    // As an earlier release left it.
    await rig.postgres.query(
      'UPDATE dedicated_home SET observed_modules = NULL, annotations_since = NULL WHERE home_id = $1',
      [home.homeId],
    );
    const observations = () => rig.postgres.query('SELECT id FROM home_observation WHERE home_id = $1', [home.homeId]);
    const [writes, before] = [cluster.writes.length, await observations()];
    expect(await subject.pass()).toEqual([home.homeId]);
    await rig.settled();
    expect(await annotationsOf(subject, home)).toMatchObject({ ...known, since: expect.any(Date) });
    expect([cluster.writes.length, await observations()]).toEqual([writes, before]);
    expect(await subject.pass()).toEqual([]);
  });

  it('an unchanged pass over many homes writes nothing, to the cluster or to the database', async () => {
    await rig.settled();
    const tables = ['reconcile_request', 'home_condition', 'home_observation', 'audit_entry', 'dedicated_home'];
    // Every version of every row: one that is written again, even as it was, has another place and transaction.
    const versions = () =>
      Promise.all(tables.map((name) => rig.postgres.query(`SELECT ctid::text, xmin::text FROM ${name} ORDER BY 1`)));
    const [writes, before] = [cluster.writes.length, await versions()];
    expect(await subject.pass()).toEqual([]);
    await rig.settled();
    expect(cluster.writes.length).toBe(writes);
    expect(await versions()).toEqual(before);
  });
});
