import assert from 'node:assert/strict';
import { waitFor } from '@biplane/testing';
import { ANNOTATIONS, type ObjectRef } from '../features/cluster/index.js';
import type { MadeHome } from './reconciler-rig.js';
import { leftToWrite, type ReconcilerSubject } from './reconciler-cases.js';

interface Told {
  readonly modules: readonly string[] | null;
  readonly suspendedAt: Date | null;
  readonly flaw: string | null;
  readonly since: Date | null;
}

/** What the database has of the annotations of a home's namespace. */
export async function annotationsOf({ rig }: ReconcilerSubject, { homeId }: MadeHome): Promise<Told> {
  const rows = await rig.postgres.query<Told>(
    `SELECT observed_modules AS modules, observed_suspended_at AS "suspendedAt", annotations_flaw AS flaw, annotations_since AS since
     FROM dedicated_home WHERE home_id = $1`,
    [homeId],
  );
  return rows[0]!;
}

/** Somebody takes `patch namespaces` out of the reconciler's role, so that nothing is put right meanwhile, and gives it back. */
export async function tellsWhatTheClusterHas(
  subject: ReconcilerSubject,
  role: { takeAway(): Promise<void>; giveBack(): Promise<void> },
): Promise<void> {
  const { rig, gateway, hands } = subject;
  const home = await rig.home();
  await rig.reason(home.homeId, 'Applied', 'APPLIED');
  const ref: ObjectRef = { apiVersion: 'v1', kind: 'Namespace', name: home.namespace };
  const told = async (what: string, wanted: Omit<Told, 'since'>): Promise<Date> => {
    let last: Told | undefined;
    const isTold = async () => {
      // What failed is backed off from, and no hint cuts that short.
      await rig.ask(home.homeId);
      last = await annotationsOf(subject, home);
      const { since: _, ...seen } = last;
      return JSON.stringify(seen) === JSON.stringify(wanted);
    };
    await waitFor(what, isTold, { deadlineMs: 60_000, everyMs: 200 }).catch((error: Error) => {
      throw new Error(`${error.message}; it is ${JSON.stringify(last)}`);
    });
    return last!.since!;
  };
  const change = async (column: 'modules' | 'suspended_at', value: unknown) => {
    const sql = `UPDATE dedicated_home SET ${column} = $2, generation = generation + 1 WHERE home_id = $1`;
    await rig.postgres.query(sql, [home.homeId, value]);
    await rig.ask(home.homeId);
  };
  const edit = (annotations: Readonly<Record<string, string | null>>) => hands.edit(ref, { metadata: { annotations } });
  const written = { modules: ['financials', 'studio'], suspendedAt: null, flaw: null };
  const first = await told('what was written', written);
  const suspendedAt = new Date('2026-04-05T09:00:00.000Z');
  await change('suspended_at', suspendedAt);
  const second = await told('the suspension', { ...written, suspendedAt });
  assert.ok(second > first);

  await role.takeAway();
  await change('modules', ['studio']);
  await rig.reason(home.homeId, 'Applied', 'FORBIDDEN');
  assert.equal((await told('what it has, not what it shall have', { ...written, suspendedAt })).getTime(), +second);
  const byHand = `${ANNOTATIONS.modules} was written by "kubectl-edit"`;
  await edit({ [ANNOTATIONS.modules]: 'financials,search' });
  await told('what somebody wrote', { modules: ['financials', 'search'], suspendedAt, flaw: byHand });
  await edit({ [ANNOTATIONS.modules]: 'everything!' });
  const flaw = `${ANNOTATIONS.modules} cannot be read: "everything!"; ${byHand}`;
  await told('that nobody can read it', { modules: [], suspendedAt, flaw });
  await edit({ [ANNOTATIONS.modules]: null });
  await told('that it is absent', { modules: [], suspendedAt, flaw: `${ANNOTATIONS.modules} is absent` });

  await role.giveBack();
  await told('what was put right', { modules: ['studio'], suspendedAt, flaw: null });
  assert.deepEqual(await leftToWrite(subject, home), []);
  assert.equal((await gateway.get(ref))?.metadata.annotations?.[ANNOTATIONS.modules], 'studio');
}
