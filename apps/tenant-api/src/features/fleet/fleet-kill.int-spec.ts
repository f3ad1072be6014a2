import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrationStatus } from '@biplane/service-kit';
import { sizeOfRun, spawnSource, waitFor, type Child } from '@biplane/testing';
import { FleetScene } from '../../testing/fleet-rig.js';
import type { FleetChildInput, FleetChildScene } from '../../testing/fleet.child.js';

// SOAK=1 takes the thousand databases of the catalog; a run in CI takes sixteen.
const DATABASES = sizeOfRun({ soak: 1_000, ci: 16 });
const KILL_AT = Math.floor(DATABASES * 0.4);

let scene: FleetScene;
beforeAll(async () => {
  scene = await FleetScene.of(DATABASES);
}, 600_000);
afterAll(async () => scene.close(), 600_000);

function child(file: string, clockFile: string, faultPoints = ''): Child {
  const input: FleetChildInput = { file, clockFile };
  const env = { FAULT_POINTS: faultPoints, NODE_ENV: 'test' };
  return spawnSource(new URL('../../testing/fleet.child.ts', import.meta.url), input, env);
}

/** The Clock of a replica that finds the leases of so many dead ones before it over. */
function clockPast(dead: number): string {
  const file = join(scene.folder, `clock-${dead}.json`);
  writeFileSync(file, JSON.stringify({ offsetMs: dead * 120_000 }));
  return file;
}

describe('replicas that are killed', () => {
  it('E7: killed after a commit, after its record and at two fifths of all, a run is finished by others, each migration applied once', async () => {
    const name = '20270101000000_probe';
    // Rows, so that a migration that ran twice would show, and a third of a second, so that a kill meets it.
    const schema = scene.release(
      name,
      'CREATE TABLE probe (id INT PRIMARY KEY); INSERT INTO probe VALUES (1); SELECT pg_sleep(0.3);',
    );
    const asked = await scene.replica(schema);
    const run = await asked.fleet.begin(await asked.fleet.plan({}), {}, 'operator');
    const file = writeScene(run.id, schema.folder);
    for (const [dead, point] of ['fleet.after_migration', 'fleet.after_settle'].entries()) {
      expect(await child(file, clockPast(dead), point).ended).toMatchObject({ signal: 'SIGKILL' });
    }
    const killed = child(file, clockPast(2));
    await waitFor('two fifths', async () => ((await scene.states(run.id))['done'] ?? 0) >= KILL_AT, {
      deadlineMs: 300_000,
    });
    killed.kill('SIGKILL');
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    const left = await scene.states(run.id);
    expect(left['done']).toBeLessThan(DATABASES);
    const two = [child(file, clockPast(3)), child(file, clockPast(3))];
    for (const { code, output } of await Promise.all(two.map(({ ended }) => ended))) {
      expect([code, output.slice(-500)]).toEqual([0, expect.any(String)]);
    }
    expect(await asked.fleet.find(run.id)).toMatchObject({ state: 'done' });
    expect(await scene.states(run.id)).toEqual({ done: DATABASES });
    await expectEachOnce(schema.folder, name, schema.version);
  }, 900_000);
});

async function expectEachOnce(folder: string, name: string, version: string): Promise<void> {
  for (const { deploymentId } of scene.placements) {
    const records = await scene.admin<{ count: number; probes: number }>(
      `SELECT count(*)::int AS count, (SELECT count(*)::int FROM probe) AS probes FROM _prisma_migrations
        WHERE migration_name = '${name}' AND finished_at IS NOT NULL`,
      deploymentId,
    );
    expect(records).toEqual([{ count: 1, probes: 1 }]);
  }
  const url = scene.tenantUrl(scene.placements[0]!.deploymentId);
  expect(await migrationStatus({ url, folder })).toMatchObject({ pending: [], failed: [], unknown: [] });
  const reports = await scene.database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM outbox WHERE value::jsonb #>> '{database,schemaVersion}' = $1 GROUP BY key`,
    [version],
  );
  expect(reports).toEqual(scene.placements.map(() => ({ count: 1 })));
}

function writeScene(runId: string, schemaFolder: string): string {
  const content: FleetChildScene = {
    homeUrl: scene.database.url,
    provisionerUrl: scene.provisionerUrl,
    homeId: scene.homeId,
    runId,
    schemaFolder,
    fieldKey: scene.fieldKey.toString('base64'),
    rootJwk: scene.issuer.rootPublicKey.export({ format: 'jwk' }) as Record<string, string>,
    records: scene.records.map(({ topic, key, headers, value }) => ({
      topic,
      key: String(key),
      headers: { ...headers },
      value: String(value),
    })),
  };
  const file = join(scene.folder, 'scene.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}
