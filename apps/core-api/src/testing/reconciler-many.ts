import assert from 'node:assert/strict';
import { waitFor } from '@biplane/testing';
import {
  LABELS,
  OWNED_KINDS,
  platformLabels,
  refOf,
  refText,
  type ClusterGateway,
  type KubernetesObject,
} from '../features/cluster/index.js';
import { objectPath } from '../features/cluster/kubernetes/urls.js';
import type { MadeHome, ReconcilerRig } from './reconciler-rig.js';
import type { ReconcilerProcess } from './reconciler-scene.js';

const HOSTILE = [
  ...['a', '-', 'ADMIN', 'kube-system', 'x'.repeat(63), 'ü'.repeat(20), '../../etc', 'a b', '"; --', '${env}'],
  ...['x0123456789abcdef', 'biplane', '{{ .Values }}', '\u202egnp', '0', 'metadata: {}'],
];

/** Homes of tenants that have hostile names, all asked for at once. */
export function manyHomes(rig: ReconcilerRig, count: number, desired?: 'running' | 'stopped'): Promise<MadeHome[]> {
  const made = Array.from({ length: count }, (_, index) => {
    const slug = `${HOSTILE[index % HOSTILE.length]!}${index >= HOSTILE.length ? index : ''}`.slice(0, 63);
    return rig.home({ tenant: slug, deployment: slug, ...(desired && { desired }) });
  });
  return Promise.all(made);
}

const shown = (object: KubernetesObject) => `${object.metadata.labels?.[LABELS.home]}: ${refText(refOf(object))}`;

/** What stands in their namespaces or under their labels is just what each of them shall have, and each has a place of its own. */
export async function eachIsItsOwn(
  { rig, gateway }: { readonly rig: ReconcilerRig; readonly gateway: ClusterGateway },
  homes: readonly MadeHome[],
): Promise<void> {
  const namespaces = new Set(homes.map(({ namespace }) => namespace));
  const ids = new Set(homes.map(({ homeId }) => homeId));
  assert.equal(namespaces.size, homes.length);
  const labels = platformLabels(rig.input.platform);
  const lists = await Promise.all(OWNED_KINDS.map(({ kind }) => gateway.list({ kind, labels })));
  const isTheirs = ({ metadata }: KubernetesObject) =>
    namespaces.has(metadata.namespace ?? metadata.name) || ids.has(metadata.labels?.[LABELS.home] ?? '');
  const wanted = await Promise.all(homes.map(({ homeId }) => rig.objects(homeId)));
  assert.deepEqual(lists.flat().filter(isTheirs).map(shown).sort(), wanted.flat().map(shown).sort());
}

/** The paths of what was written so and reached the API server, each as often as it did. */
export function sent(processes: readonly Pick<ReconcilerProcess, 'proxy'>[], method: 'PATCH' | 'DELETE'): string[] {
  const requests = processes.flatMap(({ proxy }) => proxy.requests);
  return requests.filter((each) => each.method === method).map(({ path }) => path.split('?')[0]!);
}

/** Each object of the homes was written once, and the audit says of each once that it was made and of none that it was repaired. */
export async function nothingTwice(
  rig: ReconcilerRig,
  homes: readonly MadeHome[],
  written: readonly string[],
): Promise<void> {
  for (const home of homes) {
    const refs = (await rig.objects(home.homeId)).map(refOf);
    const own = written.filter((path) => path.split('/').includes(home.namespace));
    assert.deepEqual(own.sort(), refs.map(objectPath).sort());
    const audited = await rig.audited(home.homeId);
    assert.deepEqual(new Set(audited.map(({ action }) => action)), new Set(['home.applied']));
    const done = audited.flatMap(({ after }) => after['done'] as { object: string }[]);
    assert.deepEqual(done.map(({ object }) => object).sort(), refs.map(refText).sort());
  }
}

/** Waits until every one of them has the condition. */
export async function allHave(
  rig: ReconcilerRig,
  homes: readonly MadeHome[],
  of: { readonly type: string; readonly reason: string },
  deadlineMs: number,
): Promise<void> {
  const sql = 'SELECT 1 FROM home_condition WHERE home_id = ANY($1) AND type = $2 AND reason = $3';
  const ids = homes.map(({ homeId }) => homeId);
  const have = async () => (await rig.postgres.query(sql, [ids, of.type, of.reason])).length;
  let count = 0;
  const all = async () => (count = await have()) === homes.length;
  await waitFor(`${of.type} ${of.reason} of all`, all, { deadlineMs, everyMs: 100 }).catch((error: Error) => {
    throw new Error(`${error.message}; ${count} of ${homes.length} have it`);
  });
}
