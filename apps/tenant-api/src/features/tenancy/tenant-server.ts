import { tenantDatabaseName, tenantRoleNames } from '@biplane/licensing';
import { quoteName, serverNames } from './domain/server-names.js';
import type { Observation } from './domain/next-step.js';
import type { TenantSchema } from './schema-folder.js';
import { scramVerifier } from './scram.js';
import { codeOf, retried, urlFor, type Session } from './server-session.js';
import { databaseExists, grantOption } from './tenant-template.js';

export interface TenantPasswords {
  readonly owner: string;
  readonly runtime: string;
}

export interface TenantServerOptions {
  readonly provisionerUrl: string;
  readonly homeId: string;
  readonly schema: TenantSchema;
}

/** The template of this program's schema is not there: `migrate.main` has not run. */
export class TemplateMissingError extends Error {
  override readonly name = 'TemplateMissingError';
}

interface DatabaseFacts {
  readonly isOurs: boolean;
  readonly isOpen: boolean;
  readonly isPublic: boolean;
  readonly isWhole: boolean;
}

/** The shared catalogue of the database server, as this home's provisioner sees and changes it. Every statement may be repeated. */
export class TenantServer {
  constructor(private readonly options: TenantServerOptions) {}

  get schema(): TenantSchema {
    return this.options.schema;
  }

  /** The database's door seen from outside; what is behind it takes a login. */
  async observeDoor(session: Session, deploymentId: string): Promise<Pick<Observation, 'database' | 'roles'>> {
    const { rows } = await session.query<DatabaseFacts>(DOOR_SQL, this.doorParams(deploymentId));
    const facts = rows[0];
    if (!facts) return { database: 'absent', roles: 'missing' };
    if (!facts.isOurs) return { database: 'foreign', roles: 'missing' };
    const roles = facts.isWhole && !facts.isPublic ? 'complete' : 'missing';
    return { database: facts.isOpen ? 'open' : 'closed', roles };
  }

  /** Closed until its roles stand: between its creation and the REVOKE everybody could come in. */
  async createDatabase(session: Session, deploymentId: string): Promise<void> {
    const name = quoteName(tenantDatabaseName(deploymentId));
    const { template } = this.names;
    if (!(await databaseExists(session, template))) throw new TemplateMissingError(template);
    try {
      await retried(() =>
        session.query(
          `CREATE DATABASE ${name} TEMPLATE ${quoteName(template)} STRATEGY WAL_LOG ALLOW_CONNECTIONS false`,
        ),
      );
    } catch (error) {
      // Both say that it exists: whether it is ours is looked at next.
      if (codeOf(error) !== '42P04' && codeOf(error) !== '23505') throw error;
    }
  }

  async createRoles(session: Session, deploymentId: string, passwords: TenantPasswords): Promise<void> {
    const { owner, runtime } = tenantRoleNames(deploymentId);
    await this.ensureRole(session, owner, passwords.owner, this.names.ownerGroup);
    await this.ensureRole(session, runtime, passwords.runtime, this.names.runtimeGroup);
    const name = quoteName(tenantDatabaseName(deploymentId));
    await retried(() => session.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`));
    await retried(() =>
      session.query(`GRANT CONNECT ON DATABASE ${name} TO ${quoteName(owner)}, ${quoteName(runtime)}`),
    );
    await retried(() => session.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`));
  }

  ownerUrl(deploymentId: string, passwords: TenantPasswords): string {
    const login = { user: tenantRoleNames(deploymentId).owner, password: passwords.owner };
    const { provisionerUrl } = this.options;
    return urlFor(provisionerUrl, tenantDatabaseName(deploymentId), login, this.names.ownerGroup);
  }

  runtimeUrl(deploymentId: string, passwords: TenantPasswords): string {
    const login = { user: tenantRoleNames(deploymentId).runtime, password: passwords.runtime };
    return urlFor(this.options.provisionerUrl, tenantDatabaseName(deploymentId), login);
  }

  /** Of these names those that exist on the server. */
  async present(session: Session, names: readonly string[]): Promise<Set<string>> {
    const { rows } = await session.query<{ name: string }>(
      'SELECT datname AS name FROM pg_database WHERE datname = ANY($1::text[])',
      [names],
    );
    return new Set(rows.map(({ name }) => name));
  }

  private get names(): ReturnType<typeof serverNames> {
    return serverNames(this.options.homeId, this.options.schema.hash);
  }

  private doorParams(deploymentId: string): string[] {
    const { owner, runtime } = tenantRoleNames(deploymentId);
    return [tenantDatabaseName(deploymentId), owner, runtime, this.names.ownerGroup, this.names.runtimeGroup];
  }

  private async ensureRole(session: Session, role: string, password: string, group: string): Promise<void> {
    const name = quoteName(role);
    // A verifier has no quote in it: base64 and digits.
    const login = `LOGIN INHERIT CONNECTION LIMIT 20 PASSWORD '${scramVerifier(password)}'`;
    try {
      await retried(() => session.query(`CREATE ROLE ${name} NOSUPERUSER NOCREATEDB NOCREATEROLE ${login}`));
    } catch (error) {
      if (codeOf(error) !== '42710' && codeOf(error) !== '23505') throw error;
      await retried(() => session.query(`ALTER ROLE ${name} ${login}`));
    }
    const option = await grantOption(session);
    await retried(() => session.query(`GRANT ${quoteName(group)} TO ${name}${option}`));
  }
}

const DOOR_SQL = `
SELECT d.datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user) AS "isOurs",
       d.datallowconn AS "isOpen",
       (d.datacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(d.datacl) WHERE grantee = 0)) AS "isPublic",
       (SELECT count(*) = 2
          FROM pg_auth_members m
          JOIN pg_roles g ON g.oid = m.roleid
          JOIN pg_roles r ON r.oid = m.member
         WHERE ((r.rolname = $2 AND g.rolname = $4) OR (r.rolname = $3 AND g.rolname = $5))
           AND r.rolcanlogin
           AND has_database_privilege(r.oid, d.oid, 'CONNECT')) AS "isWhole"
  FROM pg_database d
 WHERE d.datname = $1`;
