import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  checkInvariants,
  seededRandom,
  seedOfRun,
  sizeOfRun,
  spawnSource,
  waitFor,
  type Child,
} from '@biplane/testing';
import { retirementRig, type RetirementRig } from '../../testing/retirement-rig.js';
import { tenantBody } from '../../testing/scenario.js';
import { stepsOf } from './domain/steps.js';

const server = new URL('../../testing/core-server.main.ts', import.meta.url);
/** The month is over and closed; and then what is kept is kept long enough. */
const [INVOICED_AT, PURGED_AT] = ['2026-05-02T00:00:00.000Z', '2026-06-02T00:00:00.000Z'];
const POINT_MS_MAX = 90_000;
const KILLS = sizeOfRun({ soak: 16, ci: 2 });

let rig: RetirementRig;
let deploymentId: string;
let started = 0;

beforeAll(async () => {
  rig = await retirementRig('2026-04-01T00:00:00.000Z');
  const billing = { ...tenantBody('x', 'eu-1').billing, timeZone: 'UTC' };
  ({ deploymentId } = await rig.tenant({ billing }));
  await rig.at('2026-04-10T00:00:00.000Z');
  await rig.standsAt((await rig.retire(deploymentId)).id, 'drained');
  await rig.core.close();
  await everythingIsReported();
});
afterAll(async () => {
  if (rig) await checkInvariants(rig.postgres.url);
  await rig?.postgres.drop();
});

/** All that a retirement waits for, so that its steps follow each other and only a kill comes between them. */
async function everythingIsReported(): Promise<void> {
  await rig.closeHours('2026-06-03T00:00:00Z');
  await rig.postgres.query(
    `INSERT INTO license_propagation (deployment_id, version, issued_at, last_applied_at, millis)
     SELECT $1::uuid, version, '2026-05-01', '2026-05-01', 0 FROM generate_series(1, 500) AS version`,
    [deploymentId],
  );
  await rig.postgres.query(`UPDATE license_applied SET database_state = 'dropped' WHERE deployment_id = $1::uuid`, [
    deploymentId,
  ]);
}

/**
 * A service of its own process, which dies at the point; without one it works until it is stopped. The Clock of each is an
 * hour ahead of that of the one before: time does not go back because a service is started again.
 */
function start(day: string, faultPoint?: string): Child {
  const { postgres, core } = rig;
  const startAt = new Date(Date.parse(day) + (started += 1) * 3_600_000).toISOString();
  const input = { databaseUrl: postgres.url, regions: ['eu-1'], fieldKey: core.fieldKey, startAt };
  return spawnSource(server, input, faultPoint === undefined ? {} : { FAULT_POINTS: faultPoint });
}

/** One that does not come to its point is stopped here, and says what it did instead. */
async function dead(child: Child, point: string): Promise<Awaited<Child['ended']>> {
  const late = setTimeout(() => child.kill('SIGTERM'), POINT_MS_MAX);
  const ended = await child.ended;
  clearTimeout(late);
  if (ended.signal === 'SIGTERM') throw new Error(`${point} was not reached in ${POINT_MS_MAX} ms: ${ended.output}`);
  return ended;
}

const count = async (sql: string) =>
  (await rig.postgres.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`, [deploymentId]))[0]!.n;
const stepsDone = () =>
  count(`operation_step s JOIN operation o ON o.id = s.operation_id
    WHERE o.kind = 'retire' AND s.state = 'succeeded' AND o.deployment_id = $1::uuid`);

/** What follows on the day on which it is revoked, and after the month for which its data is kept. */
const STEPS = stepsOf(false);
const REVOKED = 'license_revoked.after_commit';
const isLate = (point: string) =>
  STEPS.indexOf(point.split('.')[0] as (typeof STEPS)[number]) > STEPS.indexOf('license_revoked');

/** Some of the places where it may die, in the order in which it comes to them; always the one between the two days. */
function points(): string[] {
  const all = STEPS.slice(1).flatMap((step) => ['before_commit', 'after_commit'].map((when) => `${step}.${when}`));
  const random = seededRandom(seedOfRun());
  const drawn = all.map((point, order) => ({ point, order, draw: point === REVOKED ? -1 : random() }));
  const chosen = drawn.sort((a, b) => a.draw - b.draw).slice(0, KILLS);
  return chosen.sort((a, b) => a.order - b.order).map(({ point }) => point);
}

describe('a retirement whose process is killed', () => {
  it('at any step is carried on where it stood, and nothing of it happens twice', async () => {
    let done = await stepsDone();
    for (const point of points()) {
      const { signal, output } = await dead(
        start(isLate(point) ? PURGED_AT : INVOICED_AT, `retirement.${point}`),
        point,
      );
      expect({ point, signal, output: output.slice(-500) }).toMatchObject({ point, signal: 'SIGKILL' });
      const now = await stepsDone();
      expect(now).toBeGreaterThanOrEqual(done);
      done = now;
    }
    const last = start(PURGED_AT);
    const over = `operation WHERE kind = 'retire' AND state = 'succeeded' AND deployment_id = $1::uuid`;
    await waitFor('its end', async () => (await count(over)) === 1, { deadlineMs: 120_000 });
    last.kill('SIGKILL');
    await last.ended;

    const ends = `deployment_event WHERE to_state IN ('cancelled', 'archived') AND deployment_id = $1::uuid`;
    expect(await count(ends)).toBe(2);
    expect(await count(`license WHERE cause = 'revoke' AND deployment_id = $1::uuid`)).toBe(1);
    expect(await count(`invoice i JOIN deployment d ON d.tenant_id = i.tenant_id WHERE d.id = $1::uuid`)).toBe(1);
    expect(await count(`outbox WHERE key = $1::uuid::text AND value IS NULL`)).toBe(1);
    expect(await count(`audit_entry WHERE action = 'license.tombstoned' AND object_id = $1::uuid::text`)).toBe(1);
  }, 400_000);
});
