import { homeDatabaseName, homeRoleNames, tenantDatabaseName, tenantRoleNames } from '@biplane/licensing';
import { faultPoint } from '@biplane/service-kit';
import { quoteName, tenantLoginNames } from './domain/server-names.js';
import { dropRoles, ensureLogin, lockOut } from './server-roles.js';
import { codeOf, retried, urlFor, withLock, withSession, type Session } from './server-session.js';
import { BuildFailedError } from './tenant-server.js';

export interface HomePasswords {
  readonly owner: string;
  readonly runtime: string;
}

export interface HomeUrls {
  readonly homeDatabaseUrl: string;
  readonly homeMigrationDatabaseUrl: string;
  readonly homeRuntimeRole: string;
}

/** Some replicas of one home, each with its own pool; its migrations take two. */
const HOME_CONNECTIONS_MAX = 100;
const OWNER_CONNECTIONS_MAX = 10;

/**
 * What a region's pool does on the server for the other homes of its region: it alone may create, lock out and drop there. Every call may
 * be repeated after a crash, by any replica.
 */
export class RegionServer {
  constructor(private readonly provisionerUrl: string) {}

  session<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return withSession(this.provisionerUrl, work);
  }

  /** Under the lock that also builds, moves and drops the database of this deployment; null when another held it all the time. */
  locked<T>(
    deploymentId: string,
    waitMs: number,
    work: (session: Session) => Promise<T>,
  ): Promise<{ readonly value: T } | null> {
    return this.session((session) => withLock(session, `tenancy:${deploymentId}`, waitMs, () => work(session)));
  }

  /** An empty home database that only its two roles may enter. */
  async ensureHome(session: Session, homeId: string, passwords: HomePasswords): Promise<void> {
    const { owner, runtime } = homeRoleNames(homeId);
    const name = quoteName(homeDatabaseName(homeId));
    await ensureLogin(session, owner, { password: passwords.owner, connectionsMax: OWNER_CONNECTIONS_MAX });
    await ensureLogin(session, runtime, { password: passwords.runtime, connectionsMax: HOME_CONNECTIONS_MAX });
    faultPoint('enrollment.after_home_roles');
    await createOurs(session, homeDatabaseName(homeId));
    faultPoint('enrollment.after_home_database');
    await retried(() => session.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`));
    const both = `${quoteName(owner)}, ${quoteName(runtime)}`;
    await retried(() => session.query(`GRANT CONNECT ON DATABASE ${name} TO ${both}`));
    await retried(() => session.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`));
    await withSession(urlFor(this.provisionerUrl, homeDatabaseName(homeId)), async (inside) => {
      await inside.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
      await inside.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${quoteName(owner)}`);
      // The schema is not its owner's to give.
      await inside.query(`GRANT USAGE ON SCHEMA public TO ${quoteName(runtime)}`);
    });
  }

  homeUrls(homeId: string, passwords: HomePasswords): HomeUrls {
    const { owner, runtime } = homeRoleNames(homeId);
    const url = (user: string, password: string): string =>
      urlFor(this.provisionerUrl, homeDatabaseName(homeId), { user, password });
    return {
      homeDatabaseUrl: url(runtime, passwords.runtime),
      homeMigrationDatabaseUrl: url(owner, passwords.owner),
      homeRuntimeRole: runtime,
    };
  }

  /** E16: from here on no process reaches the deployment's database as a role of this epoch, one that was stopped before included. */
  async fenceLogins(session: Session, deploymentId: string, epoch: number): Promise<void> {
    const { owner, runtime } = tenantLoginNames(deploymentId, epoch);
    await lockOut(session, [owner, runtime], [tenantDatabaseName(deploymentId)]);
  }

  /** A home that is to be dropped says nothing more. */
  async silenceHome(session: Session, homeId: string): Promise<void> {
    const { owner, runtime } = homeRoleNames(homeId);
    await lockOut(session, [owner, runtime], [homeDatabaseName(homeId)]);
  }

  async dropHome(session: Session, homeId: string): Promise<void> {
    await this.silenceHome(session, homeId);
    await dropOurs(session, homeDatabaseName(homeId));
    const { owner, runtime } = homeRoleNames(homeId);
    await dropRoles(session, [owner, runtime]);
  }

  /** The database, and the roles of every epoch. */
  async dropTenant(session: Session, deploymentId: string): Promise<void> {
    const roles = await loginsOf(session, deploymentId);
    await lockOut(session, roles, [tenantDatabaseName(deploymentId)]);
    faultPoint('purge.after_lock_out');
    await dropOurs(session, tenantDatabaseName(deploymentId));
    faultPoint('purge.after_drop');
    await dropRoles(session, roles);
    faultPoint('purge.after_roles');
  }
}

async function loginsOf(session: Session, deploymentId: string): Promise<string[]> {
  const { owner, runtime } = tenantRoleNames(deploymentId);
  const { rows } = await session.query<{ name: string }>(
    'SELECT rolname AS name FROM pg_roles WHERE rolname ~ $1 ORDER BY rolname',
    [`^(${owner}|${runtime})(_e[0-9]{1,7})?$`],
  );
  return rows.map(({ name }) => name);
}

async function isOurs(session: Session, name: string): Promise<boolean | null> {
  const { rows } = await session.query<{ isOurs: boolean }>(
    `SELECT d.datdba = r.oid AS "isOurs" FROM pg_database d, pg_roles r WHERE d.datname = $1 AND r.rolname = current_user`,
    [name],
  );
  return rows[0]?.isOurs ?? null;
}

/** Closed until its door is made: between creation and REVOKE everybody could come in. What is not ours is never adopted. */
async function createOurs(session: Session, name: string): Promise<void> {
  const create = `CREATE DATABASE ${quoteName(name)} TEMPLATE template0 ENCODING 'UTF8' ALLOW_CONNECTIONS false`;
  if ((await isOurs(session, name)) === null) {
    try {
      await retried(() => session.query(create));
    } catch (error) {
      if (codeOf(error) !== '42P04' && codeOf(error) !== '23505') throw error;
    }
  }
  if (!(await isOurs(session, name))) throw new BuildFailedError('DATABASE_FOREIGN');
}

async function dropOurs(session: Session, name: string): Promise<void> {
  const ours = await isOurs(session, name);
  if (ours === false) throw new BuildFailedError('DATABASE_FOREIGN');
  if (ours) await retried(() => session.query(`DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`));
}
