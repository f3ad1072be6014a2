import type { LicenseBootstrap } from '@biplane/licensing';
import type { Observation } from './domain/next-step.js';
import { codeOf, type Session } from './server-session.js';

/** What stands inside one tenant database, read and written as its owner while it is made ready. */

export async function readMark(session: Session, homeId: string, deploymentId: string): Promise<Observation['mark']> {
  try {
    const { rows } = await session.query<{ homeId: string; deploymentId: string | null }>(
      'SELECT home_id::text AS "homeId", deployment_id::text AS "deploymentId" FROM tenant_info WHERE id = 1',
    );
    const [row] = rows;
    // A database without our row was not cloned from our template, however it got its name.
    if (row?.homeId !== homeId) return 'foreign';
    if (row.deploymentId === null) return 'blank';
    return row.deploymentId === deploymentId ? 'ours' : 'foreign';
  } catch (error) {
    const code = codeOf(error);
    if (code === '42P01' || code === '42703' || code === '42501') return 'foreign'; // no such table or column, or not for us
    throw error;
  }
}

export async function writeMark(
  session: Session,
  mark: { deploymentId: string; tenantId: string; at: Date },
): Promise<void> {
  await session.query(
    `UPDATE tenant_info SET deployment_id = $1, tenant_id = $2, marked_at = $3 WHERE id = 1 AND deployment_id IS NULL`,
    [mark.deploymentId, mark.tenantId, mark.at.toISOString()],
  );
}

/** The record of migrations, compared with those of the program. */
export async function readSchema(session: Session, names: readonly string[]): Promise<Observation['schema']> {
  try {
    const { rows } = await session.query<{ name: string; isFinished: boolean }>(
      `SELECT migration_name AS name, finished_at IS NOT NULL AS "isFinished" FROM _prisma_migrations
        WHERE rolled_back_at IS NULL`,
    );
    if (rows.some(({ isFinished }) => !isFinished)) return 'broken';
    if (rows.some(({ name }) => !names.includes(name))) return 'ahead';
    return rows.length < names.length ? 'behind' : 'current';
  } catch (error) {
    if (codeOf(error) === '42P01') return 'behind'; // no table yet: nothing is applied
    throw error;
  }
}

/** Without a bootstrap nothing is asked, so nothing is missing. */
export async function readAdmin(
  session: Session,
  bootstrap: LicenseBootstrap | undefined,
): Promise<Observation['admin']> {
  if (!bootstrap) return 'present';
  const { rowCount } = await session.query(
    'SELECT 1 FROM member m JOIN member_invite i ON i.member_id = m.id WHERE m.id = $1 AND i.token_hash = $2',
    [bootstrap.adminUserId, bootstrap.inviteTokenHash],
  );
  return rowCount === 1 ? 'present' : 'missing';
}

export async function hasAdmin(session: Session): Promise<boolean> {
  const { rowCount } = await session.query("SELECT 1 FROM member WHERE role = 'admin' LIMIT 1");
  return rowCount === 1;
}

/** The admin that the license names, and its invite: a new invite of the same admin is added beside the old one. */
export async function writeAdmin(session: Session, bootstrap: LicenseBootstrap, at: Date): Promise<void> {
  await session.query('BEGIN');
  try {
    await session.query(
      `INSERT INTO member (id, role, state, created_at) VALUES ($1, 'admin', 'invited', $2) ON CONFLICT (id) DO NOTHING`,
      [bootstrap.adminUserId, at.toISOString()],
    );
    await session.query(
      `INSERT INTO member_invite (token_hash, member_id, expires_at, created_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (token_hash) DO NOTHING`,
      [bootstrap.inviteTokenHash, bootstrap.adminUserId, bootstrap.expiresAt, at.toISOString()],
    );
    await session.query('COMMIT');
  } catch (error) {
    await session.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
