import { homeRoleNames } from '@biplane/licensing';
import { quoteName, serverNames } from '../features/tenancy/domain/server-names.js';
import { withSession, type Session } from '../features/tenancy/server-session.js';

/** Removes from a shared test server what a suite's home has made there. */
export async function dropHome(superUrl: string, homeId: string, schemaHash: string): Promise<void> {
  const { provisioner } = homeRoleNames(homeId);
  const { ownerGroup, runtimeGroup } = serverNames(homeId, schemaHash);
  await withSession(superUrl, async (session) => {
    const databases = await names(
      session,
      'SELECT datname AS name FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = $1',
      [provisioner],
    );
    for (const name of databases) await session.query(`DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`);
    const members = await names(
      session,
      `SELECT DISTINCT r.rolname AS name FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
         JOIN pg_roles g ON g.oid = m.roleid WHERE g.rolname = ANY($1::text[]) AND r.rolname LIKE 'tenant\\_%'`,
      [[ownerGroup, runtimeGroup]],
    );
    // Of homes that it enrolled: whoever creates a role is made a member of it.
    const homes = await names(
      session,
      `SELECT DISTINCT g.rolname AS name FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
         JOIN pg_roles g ON g.oid = m.roleid WHERE r.rolname = $1 AND g.rolname LIKE 'home\\_%'`,
      [provisioner],
    );
    for (const name of [...members, ...homes, ownerGroup, runtimeGroup, provisioner]) {
      await session.query(`DROP OWNED BY ${quoteName(name)}`);
      await session.query(`DROP ROLE ${quoteName(name)}`);
    }
  });
}

async function names(session: Session, sql: string, params: unknown[]): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(sql, params);
  return rows.map(({ name }) => name);
}
