import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tenantDatabaseName } from '@biplane/licensing';
import { querySql } from '@biplane/service-kit';
import { waitFor } from '@biplane/testing';
import { FleetScene } from '../../testing/fleet-rig.js';
import { withSession } from '../tenancy/index.js';

let scene: FleetScene;
beforeAll(async () => {
  scene = await FleetScene.of(3);
});
afterAll(async () => scene.close(), 120_000);

describe('one database', () => {
  it('E8: a migration waits two seconds for a lock, not longer, and whoever comes after it waits no longer either', async () => {
    const schema = scene.release('20270107000000_locks', 'ALTER TABLE member ADD COLUMN nickname TEXT;');
    const replica = await scene.replica(schema);
    const { deploymentId } = scene.placements[0]!;
    await withSession(scene.tenantUrl(deploymentId), async (reader) => {
      await reader.query('BEGIN; SELECT count(*) FROM member');
      const migrating = replica.migrator.migrate(deploymentId, new AbortController().signal);
      await waitFor('the migration to wait', async () => {
        const rows = await scene.admin(
          `SELECT 1 FROM pg_stat_activity WHERE application_name = 'biplane-fleet' AND wait_event_type = 'Lock'
            AND datname = '${tenantDatabaseName(deploymentId)}'`,
        );
        return rows.length === 1;
      });
      const startedMs = performance.now();
      await replica.home.handles.resolve(deploymentId).read((db) => querySql(db, 'SELECT count(*) FROM member'));
      expect(performance.now() - startedMs).toBeLessThan(30_000);
      expect(await migrating).toMatchObject({ kind: 'obstacle', obstacle: { reason: 'LOCKED', isPassing: true } });
    });
    expect(await replica.migrator.migrate(deploymentId, new AbortController().signal)).toMatchObject({ kind: 'done' });
  });

  it('E8: an invalid index that a broken build left is built anew beside the running service', async () => {
    const schema = scene.release(
      '20270108000000_index',
      '-- Beside the running service.\nCREATE INDEX CONCURRENTLY "member_state" ON "member" ("state");',
    );
    const replica = await scene.replica(schema);
    const [broken, built, fresh] = scene.placements.map(({ deploymentId }) => deploymentId) as [string, string, string];
    await scene.admin('CREATE INDEX member_state ON member (state)', broken);
    await scene.admin(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'member_state'::regclass`, broken);
    await scene.admin(`ALTER INDEX member_state OWNER TO CURRENT_USER`, broken).catch(() => undefined);
    await scene.admin('CREATE INDEX member_state ON member (state)', built);
    for (const id of [broken, built, fresh]) {
      expect(await replica.migrator.migrate(id, new AbortController().signal)).toMatchObject({ kind: 'done' });
      const found = await scene.admin(
        `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'member_state'::regclass`,
        id,
      );
      expect(found).toEqual([{ valid: true }]);
    }
  });

  it('E4: a database without our mark, with a changed record or from a later program is not migrated', async () => {
    const schema = scene.release('20270109000000_last', 'SELECT 1;');
    const replica = await scene.replica(schema);
    const { deploymentId } = scene.placements[1]!;
    const outcome = async () => replica.migrator.migrate(deploymentId, new AbortController().signal);
    const refused = (reason: string) => ({ kind: 'obstacle', obstacle: { reason, isPassing: false } });
    const disturbed = async (change: string, undo: string, reason: string): Promise<void> => {
      await scene.admin(change, deploymentId);
      expect(await outcome()).toMatchObject(refused(reason));
      await scene.admin(undo, deploymentId);
    };
    const home = `'${scene.homeId}'`;
    await disturbed(
      `UPDATE tenant_info SET home_id = gen_random_uuid()`,
      `UPDATE tenant_info SET home_id = ${home}`,
      'DATABASE_FOREIGN',
    );
    await disturbed(
      `UPDATE _prisma_migrations SET checksum = reverse(checksum) WHERE migration_name = '20261121000100_members'`,
      `UPDATE _prisma_migrations SET checksum = reverse(checksum) WHERE migration_name = '20261121000100_members'`,
      'CHECKSUM_DIFFERS',
    );
    await disturbed(
      `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '20261121000100_members'`,
      `UPDATE _prisma_migrations SET finished_at = started_at WHERE migration_name = '20261121000100_members'`,
      'MIGRATION_FAILED',
    );
    await disturbed(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ('later', 'x', '20990101000000_later', now(), now(), 1)`,
      `DELETE FROM _prisma_migrations WHERE id = 'later'`,
      'SCHEMA_AHEAD',
    );
    expect(await outcome()).toMatchObject({ kind: 'done' });
  });
});
