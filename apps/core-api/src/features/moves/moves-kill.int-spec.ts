import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkInvariants, drawn, seededRandom, seedOfRun, sizeOfRun, spawnSource } from '@biplane/testing';
import type { BilledScene } from '../../testing/billing-rig.js';
import { MovesRig } from '../../testing/moves-rig.js';
import { MOVE_STEPS, mayRollBack, REPORT_STEPS, type MoveStep } from './domain/move.js';

const hearer = new URL('../../testing/move-hearer.main.ts', import.meta.url);
const POINT_MS_MAX = 150_000;
/** Each step is done by the word of a home that stands at its place. */
const WORD_OF = new Map(MOVE_STEPS.map((step, at) => [step, REPORT_STEPS[at]!]));
const TIMEOUT_MS = sizeOfRun({ soak: 900_000, ci: 240_000 });
const seed = seedOfRun();
const random = seededRandom(seed);

interface Point {
  readonly step: MoveStep;
  readonly when: 'before' | 'after';
}

/** Before and after the commit of each of these steps, in their order; in CI some of them. */
function points(steps: readonly MoveStep[], count: number): readonly Point[] {
  const all = steps.flatMap((step) => (['before', 'after'] as const).map((when) => ({ step, when })));
  return drawn(all, sizeOfRun({ soak: all.length, ci: count }), random);
}

let rig: MovesRig;
beforeAll(async () => {
  rig = await MovesRig.open('2026-04-01T00:00:00.000Z');
});
afterAll(async () => {
  if (rig) await checkInvariants(rig.billing.postgres.url);
  await rig?.close();
});

/** A service of its own process hears the word that ends the step, and dies of it. */
async function killedAt(scene: BilledScene, { step, when }: Point): Promise<void> {
  const { core, postgres } = rig.billing;
  const { clockFile, fieldKey } = core;
  const report = await rig.report(scene, WORD_OF.get(step)!);
  const input = { databaseUrl: postgres.url, regions: ['eu-1'], clockFile, fieldKey, report };
  const child = spawnSource(hearer, input, { FAULT_POINTS: `move.${when}_${step}` });
  const late = setTimeout(() => child.kill('SIGTERM'), POINT_MS_MAX);
  const { signal, output } = await child.ended;
  clearTimeout(late);
  if (signal !== 'SIGKILL')
    throw new Error(`move.${when}_${step} was not reached (SEED=${seed}): ${output.slice(-2_000)}`);
}

const count = async (sql: string, { deploymentId }: BilledScene) =>
  (await rig.billing.postgres.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`, [deploymentId]))[0]!.n;
const stepsDone = (scene: BilledScene) =>
  count(
    `operation_step s JOIN operation o ON o.id = s.operation_id JOIN move m ON m.operation_id = o.id
      WHERE s.state = 'succeeded' AND m.phase <> 'rolled_back' AND m.deployment_id = $1::uuid`,
    scene,
  );
const causes = async ({ deploymentId }: BilledScene) => {
  const sql = `SELECT cause FROM license WHERE deployment_id = $1::uuid AND cause LIKE 'move%' ORDER BY version`;
  return (await rig.billing.postgres.query<{ cause: string }>(sql, [deploymentId])).map(({ cause }) => cause);
};
const audited = async ({ deploymentId }: BilledScene) => {
  const sql = `SELECT action FROM audit_entry WHERE object_id = $1 AND action LIKE 'deployment.move%' ORDER BY id`;
  return (await rig.billing.postgres.query<{ action: string }>(sql, [deploymentId])).map(({ action }) => action);
};

/** Whatever was killed: each license is on its way once, and one home of the deployment is wanted at most. */
async function agrees(scene: BilledScene, homesWanted: number): Promise<void> {
  // One that is published again is the same one.
  const rows = `outbox WHERE key = $1::uuid::text AND value IS NOT NULL AND topic LIKE 'license.issued.%'`;
  const sent = `(SELECT DISTINCT value FROM ${rows}) AS sent`;
  expect(await count(sent, scene)).toBe(await count('license WHERE deployment_id = $1::uuid', scene));
  const wanted = `dedicated_home WHERE deployment_id = $1::uuid AND desired <> 'absent'`;
  expect(await count(wanted, scene)).toBe(homesWanted);
}

describe('a move of which the control plane is killed', () => {
  it(
    'at any step is carried on where it stood, with one epoch, and nothing of it happens twice',
    async () => {
      const scene = await rig.billing.tenant({});
      const { body } = await rig.move(scene, 'container_per_tenant');
      const chosen = points(MOVE_STEPS, 2);
      for (const [at, step] of MOVE_STEPS.entries()) {
        for (const point of chosen.filter((each) => each.step === step)) {
          // After the commit it stands there, before it nothing does: a word that was heard is delivered once more.
          await killedAt(scene, point);
          expect({ point, seed, done: await stepsDone(scene) }).toMatchObject({
            done: point.when === 'after' ? at + 1 : at,
          });
        }
        await rig.say(scene, WORD_OF.get(step)!);
        expect(await stepsDone(scene)).toBe(at + 1);
      }
      const { toHomeId, phase } = await rig.present(scene);
      expect([phase, (await rig.operation(String(body['id']))).state]).toEqual(['done', 'succeeded']);
      expect(await rig.deployment(scene)).toMatchObject({ homeId: toHomeId, epoch: 2 });
      expect(await count('placement WHERE deployment_id = $1::uuid', scene)).toBe(2);
      expect(await causes(scene)).toEqual(['move_prepare', 'move_drain', 'move_flip']);
      expect(await audited(scene)).toEqual(['deployment.move_started', 'deployment.moved']);
      await agrees(scene, 1);
    },
    TIMEOUT_MS,
  );

  it(
    'before its flip is undone by another as if it had never begun, and the home that was made for it goes',
    async () => {
      const scene = await rig.billing.tenant({});
      const before = await rig.deployment(scene);
      const cancel = `/api/v1/deployments/${scene.deploymentId}/move/cancel`;
      const undoable = MOVE_STEPS.filter(mayRollBack);
      const chosen = points(undoable, 1).filter(({ step, when }) => step !== 'copy' || when === 'before');
      for (const point of chosen) {
        await rig.move(scene, 'container_per_tenant');
        const { toHomeId } = await rig.present(scene);
        for (const step of undoable.slice(0, undoable.indexOf(point.step))) await rig.say(scene, WORD_OF.get(step)!);
        await killedAt(scene, point);
        await rig.billing.admin.expect(200, 'POST', cancel, { reason: 'its process was killed' });
        const placement = await rig.placement(scene);
        expect([placement.homeId, placement.epoch, placement.next]).toEqual([before.homeId, 1, undefined]);
        expect([await rig.desired(toHomeId), (await rig.present(scene)).phase]).toEqual(['absent', 'rolled_back']);
        expect((await audited(scene)).slice(-2)).toEqual(['deployment.move_started', 'deployment.move_undone']);
        await agrees(scene, 0);
      }
      expect(await rig.deployment(scene)).toMatchObject({ homeId: before.homeId, epoch: 1, type: 'shared' });
      expect(await count('placement WHERE deployment_id = $1::uuid', scene)).toBe(1);
    },
    TIMEOUT_MS,
  );
});
