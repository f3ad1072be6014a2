import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { waitFor } from '@biplane/testing';
import {
  LABELS,
  NAMES,
  namespaceName,
  plan,
  refOf,
  refText,
  writesOf,
  type ClusterGateway,
  type KubernetesObject,
  type ObjectRef,
} from '../features/cluster/index.js';
import { observeHome } from '../features/reconciler/cluster-reading.js';
import type { ClusterHands } from './cluster/cluster-hands.js';
import type { MadeHome, ReconcilerRig } from './reconciler-rig.js';

/** A reconciler that runs over a cluster, and everybody else's hands on it. */
export interface ReconcilerSubject {
  readonly rig: ReconcilerRig;
  readonly gateway: ClusterGateway;
  readonly hands: ClusterHands;
  readonly pass: () => Promise<readonly string[]>;
  /** Where the reconciler tells its health and its metrics. */
  readonly url: string;
}

const DEADLINE = { deadlineMs: 60_000, everyMs: 100 };

async function applied(subject: ReconcilerSubject): Promise<MadeHome> {
  const home = await subject.rig.home();
  await subject.rig.reason(home.homeId, 'Applied', 'APPLIED');
  assert.deepEqual(await toldOf(subject, home), []);
  assert.equal(await toldCount(subject, home), (await subject.rig.objects(home.homeId)).length);
  return home;
}

/** What a look would still write; empty when the home is as it shall be. */
export async function leftToWrite({ rig, gateway }: ReconcilerSubject, home: MadeHome): Promise<string[]> {
  const desired = await rig.objects(home.homeId);
  const { objects } = await observeHome(gateway, rig.input.platform, home.homeId, desired);
  return writesOf(plan(objects, desired, home)).map(({ do: what, ref }) => `${what} ${refText(ref)}`);
}

export async function repaired(subject: ReconcilerSubject, home: MadeHome): Promise<void> {
  await subject.pass();
  await waitFor('the repair', async () => (await leftToWrite(subject, home)).length === 0, DEADLINE);
}

/** What core-api is told of its objects, besides those that are simply there. */
async function toldOf({ rig }: ReconcilerSubject, home: MadeHome): Promise<string[]> {
  const rows = await rig.postgres.query<Record<'kind' | 'name' | 'state' | 'reason', string>>(
    `SELECT kind, name, state, reason FROM home_object WHERE home_id = $1 AND state <> 'present' ORDER BY kind, name`,
    [home.homeId],
  );
  return rows.map(({ kind, name, state, reason }) => `${kind} ${name} is ${state}: ${reason}`);
}

/** How many of its objects core-api is told of. */
async function toldCount({ rig }: ReconcilerSubject, home: MadeHome): Promise<number> {
  return (await rig.postgres.query('SELECT 1 FROM home_object WHERE home_id = $1', [home.homeId])).length;
}

export const namespaceOf = (home: MadeHome): ObjectRef => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  name: home.namespace,
});

function foreign(name: string, labels: Readonly<Record<string, string>> = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

async function gone(subject: ReconcilerSubject, home: MadeHome): Promise<void> {
  await subject.rig.reason(home.homeId, 'Gone', 'GONE');
  assert.equal(await subject.gateway.get(namespaceOf(home)), null);
  assert.equal(await toldCount(subject, home), 0);
}

// What holds of the reconciler over any cluster: its suites say it of each.

export async function repairsWhatIsChanged(subject: ReconcilerSubject): Promise<void> {
  const home = await applied(subject);
  const owned = (await subject.rig.objects(home.homeId)).map(refOf);
  const inside = owned.filter(({ kind }) => kind !== 'Namespace');
  for (const ref of owned) {
    await subject.hands.edit(ref, { metadata: { labels: { [LABELS.deploymentSlug]: 'somebody-elses' } } });
  }
  await repaired(subject, home);
  for (const ref of inside) await subject.hands.remove(ref);
  await repaired(subject, home);
  const audits = async () =>
    (await subject.rig.audited(home.homeId)).filter(({ action }) => action === 'home.drift_repaired');
  const told = await waitFor(
    'the audit of every repair',
    async () => {
      const text = JSON.stringify(await audits());
      // Of what was deleted it comes after that of what was edited, which names all of them already.
      return owned.every((ref) => text.includes(refText(ref))) && text.includes('does not exist') && text;
    },
    DEADLINE,
  );
  assert.match(told, /differs in/);
}

/** Somebody deletes the whole of a home that lives: what was in it goes with it, and all is made anew. */
export async function bringsALostNamespaceBack(subject: ReconcilerSubject): Promise<void> {
  const { rig, gateway, hands, pass } = subject;
  const home = await applied(subject);
  const before = await gateway.get(namespaceOf(home));
  await hands.remove(namespaceOf(home));
  const isNew = async () => {
    await pass();
    const now = await gateway.get(namespaceOf(home));
    return now !== null && now.metadata.uid !== before!.metadata.uid && (await leftToWrite(subject, home)).length === 0;
  };
  await waitFor('another namespace', isNew, { ...DEADLINE, deadlineMs: 120_000 });
  await rig.reason(home.homeId, 'Applied', 'APPLIED');
  await waitFor(
    'the audit of what was made anew',
    async () => {
      const repairs = (await rig.audited(home.homeId)).filter(({ action }) => action === 'home.drift_repaired');
      const text = JSON.stringify(repairs);
      const owned = await rig.objects(home.homeId);
      return text.includes('does not exist') && owned.every((object) => text.includes(refText(refOf(object))));
    },
    DEADLINE,
  );
}

type Strays = Pick<ReconcilerSubject, 'rig' | 'hands'>;

/** Puts a namespace there, or back, that is marked as the home's: as of one that is gone, an orphan. */
export async function leavesAnOrphan(
  { rig, hands }: Strays,
  { homeId, deploymentId }: Pick<MadeHome, 'homeId' | 'deploymentId'>,
): Promise<KubernetesObject> {
  const ours = { [LABELS.managedBy]: 'biplane', [LABELS.platform]: rig.input.platform };
  const own = { [LABELS.home]: homeId, [LABELS.deployment]: deploymentId };
  const orphan = foreign(namespaceName(homeId), { ...ours, ...own });
  await hands.create(orphan);
  return orphan;
}

/** The same of a home of which nothing is known. */
export const leavesAnUnknown = (strays: Strays): Promise<KubernetesObject> =>
  leavesAnOrphan(strays, { homeId: randomUUID(), deploymentId: randomUUID() });

export async function adoptsNobodysNamespace(subject: ReconcilerSubject): Promise<void> {
  const other = {
    [LABELS.managedBy]: 'biplane',
    [LABELS.platform]: subject.rig.input.platform,
    [LABELS.deployment]: randomUUID(),
  };
  await Promise.all([{}, other].map((labels) => isLeftAlone(subject, labels)));
}

async function isLeftAlone(
  { rig, hands, gateway }: ReconcilerSubject,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const home = await rig.home({}, false);
  await hands.create(foreign(home.namespace, labels));
  await rig.ask(home.homeId);
  const condition = await rig.reason(home.homeId, 'Applied', 'FOREIGN_NAMESPACE');
  assert.match(condition.message ?? '', /exists and/);
  const { metadata } = (await gateway.get(namespaceOf(home)))!;
  assert.equal(metadata.labels?.[LABELS.home], undefined);
  const secret = { apiVersion: 'v1', kind: 'Secret', namespace: home.namespace, name: NAMES.enrollment };
  assert.equal(await gateway.get(secret), null);
  // It shall be no more: what is another's stays, and nothing of ours is there.
  await rig.desire(home.homeId, 'absent');
  await rig.reason(home.homeId, 'Gone', 'GONE');
  assert.notEqual(await gateway.get(namespaceOf(home)), null);
  await hands.remove(namespaceOf(home));
}

export async function endsInOrder(subject: ReconcilerSubject): Promise<void> {
  const home = await applied(subject);
  await subject.rig.desire(home.homeId, 'absent');
  await gone(subject, home);
  const actions = (await subject.rig.audited(home.homeId)).map(({ action }) => action);
  assert.deepEqual(new Set(actions), new Set(['home.applied', 'home.removing', 'home.gone']));
  const [row] = await subject.rig.postgres.query<{ gone_at: Date | null }>(
    'SELECT gone_at FROM dedicated_home WHERE home_id = $1',
    [home.homeId],
  );
  assert.notEqual(row!.gone_at, null);
  const removing = JSON.stringify(
    (await subject.rig.audited(home.homeId)).filter(({ action }) => action === 'home.removing'),
  );
  assert.ok(removing.indexOf('Deployment') < removing.indexOf('Namespace'));
}

export async function reportsAHeldNamespace(subject: ReconcilerSubject): Promise<void> {
  const { rig, hands } = subject;
  const home = await applied(subject);
  await hands.setFinalizers(namespaceOf(home), ['example.com/hold']);
  await rig.desire(home.homeId, 'absent');
  await rig.reason(home.homeId, 'Gone', 'NAMESPACE_TERMINATING');
  rig.advance(16 * 60_000);
  await rig.ask(home.homeId);
  const stuck = await rig.reason(home.homeId, 'Gone', 'REMOVAL_STUCK');
  assert.match((await toldOf(subject, home)).join(), /Namespace .+ is terminating: is being deleted and held by/);
  assert.match(stuck.message ?? '', /example.com\/hold/);
  const row = 'SELECT 1 FROM dedicated_home WHERE home_id = $1 AND gone_at IS NULL';
  assert.equal((await rig.postgres.query(row, [home.homeId])).length, 1);
  await hands.setFinalizers(namespaceOf(home), []);
  await rig.ask(home.homeId);
  await gone(subject, home);
}

export async function sweepsOnlyWhatIsGone(subject: ReconcilerSubject): Promise<void> {
  const { rig, hands, gateway, pass } = subject;
  const home = await applied(subject);
  await rig.desire(home.homeId, 'absent');
  await gone(subject, home);
  await leavesAnOrphan(subject, home);
  const unknown = await leavesAnUnknown(subject);
  await pass();
  const reported = () =>
    rig.postgres.query<{ home_id: string; reason: string; deleted_at: Date | null }>(
      'SELECT home_id, reason, deleted_at FROM home_orphan WHERE home_id = ANY($1)',
      [[home.homeId, unknown.metadata.labels?.[LABELS.home]]],
    );
  assert.deepEqual((await reported()).map(({ reason }) => reason).sort(), ['HOME_GONE', 'HOME_UNKNOWN']);
  await pass();
  assert.notEqual(await gateway.get(namespaceOf(home)), null);
  rig.advance(6 * 60_000);
  await waitFor(
    'the sweep',
    async () => {
      await pass();
      return (await gateway.get(namespaceOf(home))) === null;
    },
    DEADLINE,
  );
  assert.notEqual(await gateway.get(refOf(unknown)), null);
  assert.deepEqual(
    (await reported()).filter((row) => row.deleted_at !== null).map(({ reason }) => reason),
    ['HOME_GONE'],
  );
  await hands.remove(refOf(unknown));
}

/** Somebody takes `patch ingresses` out of its role, and gives it back. */
export async function tellsAMissingRight(
  subject: ReconcilerSubject,
  role: { takeAway(): Promise<void>; giveBack(): Promise<void> },
): Promise<void> {
  const { rig, gateway, pass, url } = subject;
  // An API server does not know at once of a role that was changed.
  const missesRights = (count: number) =>
    waitFor(
      `${count} missing rights`,
      async () => {
        await pass();
        const metrics = await (await fetch(`${url}/metrics`)).text();
        return metrics.split('\n').includes(`reconciler_permissions_missing ${count}`);
      },
      DEADLINE,
    );
  await role.takeAway();
  await missesRights(1);
  const home = await rig.home();
  const condition = await rig.reason(home.homeId, 'Applied', 'FORBIDDEN');
  assert.match(condition.message ?? '', /missing rights: patch ingresses\.networking\.k8s\.io/);
  const desired = await rig.objects(home.homeId);
  const { objects } = await observeHome(gateway, rig.input.platform, home.homeId, desired);
  const missing = desired.filter((wanted) => !objects.some(({ kind }) => kind === wanted.kind));
  assert.deepEqual(
    missing.map(({ kind }) => kind),
    ['Ingress'],
  );
  const [told, ...others] = await toldOf(subject, home);
  assert.match(told ?? '', /^Ingress .+ is missing: FORBIDDEN: /);
  assert.deepEqual(others, []);
  assert.equal((await fetch(`${url}/health/live`)).status, 200);
  await role.giveBack();
  await missesRights(0);
  await rig.ask(home.homeId);
  await rig.reason(home.homeId, 'Applied', 'APPLIED');
}
