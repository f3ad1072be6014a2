import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, MIGRATION_LOCK_KEY } from '@biplane/service-kit';
import { codeOf, TenantSchemas } from '../tenancy/index.js';
import { obstacleOf, type Obstacle } from './domain/attempts.js';
import { checksumOf } from './checksums.js';
import { compare, concurrentIndexOf, type Applied, type Migration } from './domain/migration-script.js';
import { APPLICATION_NAME, withMigrationSession, type MigrationSession } from './migration-session.js';
import { readShipped, type Shipped } from './shipped-migrations.js';

export type Migrated =
  | { readonly kind: 'done'; readonly version: string; readonly checksum: string }
  | {
      readonly kind: 'obstacle';
      readonly obstacle: Obstacle;
      readonly migration: string | null;
      readonly cause?: unknown;
    };

const stuck = (reason: string): Migrated => ({
  kind: 'obstacle',
  obstacle: { reason, isPassing: false },
  migration: null,
});

/**
 * Brings one tenant database to this program's schema. Each migration and its record are one transaction, so a migrator that was killed
 * at any instant left a database whose record is true; Prisma's engine, which keeps its record beside, would need a person then.
 */
@Injectable()
export class DatabaseMigrator {
  private readonly shipped: Shipped;

  constructor(
    @Inject(TenantSchemas) private readonly schemas: TenantSchemas,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.shipped = readShipped(schemas.target);
  }

  get target(): Shipped {
    return this.shipped;
  }

  async migrate(deploymentId: string, aborted: AbortSignal): Promise<Migrated> {
    let current: string | null = null;
    try {
      const url = await this.schemas.ownerUrl(deploymentId);
      return await withMigrationSession(url, aborted, async (session) => {
        await endLeftMigrators(session);
        await session.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK_KEY})`);
        if (!(await this.schemas.isOurs(session, deploymentId))) return stuck('DATABASE_FOREIGN');
        const verdict = compare(this.shipped.migrations, await readApplied(session));
        if (verdict.kind === 'stuck') return stuck(verdict.reason);
        for (const migration of verdict.pending) {
          current = migration.name;
          await apply(session, migration, this.clock.now());
          faultPoint('fleet.after_migration');
        }
        const checksum = checksumOf(await readApplied(session));
        return { kind: 'done', version: this.shipped.schema.version, checksum };
      });
    } catch (error) {
      return { kind: 'obstacle', obstacle: obstacleOf(codeOf(error)), migration: current, cause: error };
    }
  }
}

/** A migrator whose process is gone holds its lock until its statement ends. Only this role's own sessions in this database. */
async function endLeftMigrators(session: MigrationSession): Promise<void> {
  await session.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = $1 AND usename = session_user AND pid <> pg_backend_pid()`,
    [APPLICATION_NAME],
  );
}

async function readApplied(session: MigrationSession): Promise<Applied[]> {
  const { rows } = await session.query<Applied & { isFinished: boolean }>(
    `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS "isFinished" FROM _prisma_migrations
      WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  );
  return rows;
}

async function apply(session: MigrationSession, migration: Migration, at: Date): Promise<void> {
  const index = concurrentIndexOf(migration);
  if (index !== null) await buildIndex(session, index, migration);
  await session.query('BEGIN');
  try {
    if (index === null) await session.query(migration.sql);
    await session.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, $4, $4, 1)`,
      [randomUUID(), migration.checksum, migration.name, at.toISOString()],
    );
    await session.query('COMMIT');
  } catch (error) {
    await session.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Built beside the running service. One that a broken build left is invalid: nothing reads it, and every write pays for it. */
async function buildIndex(session: MigrationSession, index: string, { sql }: Migration): Promise<void> {
  const { rows } = await session.query<{ isValid: boolean }>(
    `SELECT i.indisvalid AS "isValid" FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      WHERE c.relname = $1 AND c.relnamespace = 'public'::regnamespace`,
    [index],
  );
  const [found] = rows;
  if (found?.isValid) return;
  if (found) await session.query(`DROP INDEX CONCURRENTLY "${index}"`);
  await session.query(sql);
}
