import { tenantDatabaseName } from '@biplane/licensing';
import { quoteName, serverNames, tenantLoginNames } from './domain/server-names.js';
import type { Observation } from './domain/next-step.js';
import type { TenantSchema } from './schema-folder.js';
import { codeOf, retried, urlFor, withSession, type Session } from './server-session.js';
import { createLogin, ensureLogin } from './server-roles.js';
import { databaseExists, grantOption } from './tenant-template.js';

/** The passwords of the login roles of one epoch. */
export interface TenantPasswords {
  readonly epoch: number;
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

/** Whoever was asked to do a step refused, with the code that core-api is told. */
export class BuildFailedError extends Error {
  override readonly name = 'BuildFailedError';

  constructor(readonly reason: string) {
    super(`The database could not be made ready: ${reason}`);
  }
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

  /** Where sessions are opened that look at the server and hold the locks of deployments. */
  get sessionUrl(): string {
    return this.options.provisionerUrl;
  }

  /** Whose template the databases are cloned from: their owner marks name it. */
  get markHomeId(): string {
    return this.options.homeId;
  }

  /** The database's door seen from outside; what is behind it takes a login. */
  async observeDoor(
    session: Session,
    deploymentId: string,
    epoch: number,
  ): Promise<Pick<Observation, 'database' | 'roles'>> {
    const { rows } = await session.query<DatabaseFacts>(DOOR_SQL, this.doorParams(deploymentId, epoch));
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
    const { owner, runtime } = tenantLoginNames(deploymentId, passwords.epoch);
    if (await this.createRolesAtOnce(session, deploymentId, passwords)) return;
    await ensureLogin(session, owner, { password: passwords.owner, group: this.names.ownerGroup });
    await ensureLogin(session, runtime, { password: passwords.runtime, group: this.names.runtimeGroup });
    const name = quoteName(tenantDatabaseName(deploymentId));
    await retried(() => session.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`));
    await retried(() =>
      session.query(`GRANT CONNECT ON DATABASE ${name} TO ${quoteName(owner)}, ${quoteName(runtime)}`),
    );
    await retried(() => session.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`));
  }

  /** The usual case, in one transaction: nothing of it is there yet. False when it failed, whatever for: then step by step. */
  private async createRolesAtOnce(
    session: Session,
    deploymentId: string,
    passwords: TenantPasswords,
  ): Promise<boolean> {
    const { owner, runtime } = tenantLoginNames(deploymentId, passwords.epoch);
    const name = quoteName(tenantDatabaseName(deploymentId));
    const option = await grantOption(session);
    const made = [
      createLogin(owner, { password: passwords.owner, group: this.names.ownerGroup }, option),
      createLogin(runtime, { password: passwords.runtime, group: this.names.runtimeGroup }, option),
      `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`,
      `GRANT CONNECT ON DATABASE ${name} TO ${quoteName(owner)}, ${quoteName(runtime)}`,
      `ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`,
    ];
    return session.query(made.join('; ')).then(
      () => true,
      () => false,
    );
  }

  ownerUrl(deploymentId: string, passwords: TenantPasswords): string {
    const login = { user: tenantLoginNames(deploymentId, passwords.epoch).owner, password: passwords.owner };
    const { provisionerUrl } = this.options;
    return urlFor(provisionerUrl, tenantDatabaseName(deploymentId), login, this.names.ownerGroup);
  }

  runtimeUrl(deploymentId: string, passwords: TenantPasswords): string {
    const login = { user: tenantLoginNames(deploymentId, passwords.epoch).runtime, password: passwords.runtime };
    return urlFor(this.options.provisionerUrl, tenantDatabaseName(deploymentId), login);
  }

  /** Of these names those that exist on the server. */
  async present(names: readonly string[]): Promise<Set<string>> {
    return withSession(this.sessionUrl, async (session) => {
      const { rows } = await session.query<{ name: string }>(
        'SELECT datname AS name FROM pg_database WHERE datname = ANY($1::text[])',
        [names],
      );
      return new Set(rows.map(({ name }) => name));
    });
  }

  private get names(): ReturnType<typeof serverNames> {
    return serverNames(this.options.homeId, this.options.schema.hash);
  }

  private doorParams(deploymentId: string, epoch: number): string[] {
    const { owner, runtime } = tenantLoginNames(deploymentId, epoch);
    return [tenantDatabaseName(deploymentId), owner, runtime, this.names.ownerGroup, this.names.runtimeGroup];
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
