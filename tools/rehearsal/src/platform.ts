import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { homeDatabaseName, homeRoleNames, tenantDatabaseName, tenantRoleNames } from '@biplane/licensing';
import type { PostgresServer } from './postgres-server.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const SECRET = 'secret-of-the-rehearsal';
export const CORE = { database: 'biplane_core', owner: 'biplane_core_owner', runtime: 'biplane_core' } as const;
const MIGRATE_MS = 60_000;

/** Core, one home and its tenants as an installation has them: the same roles, owners, doors and migrations. */
export class Platform {
  readonly homeId = randomUUID();
  readonly tenants = [randomUUID(), randomUUID(), randomUUID()];

  get home() {
    const { owner, runtime, provisioner } = homeRoleNames(this.homeId);
    return { database: homeDatabaseName(this.homeId), owner, runtime, provisioner };
  }

  /** Every database that a backup holds. The template is not one: `migrate.main` builds it where it is missing. */
  get databases(): string[] {
    return [this.home.database, ...this.tenants.map(tenantDatabaseName), CORE.database];
  }

  async install(server: PostgresServer): Promise<void> {
    await server.query('REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC');
    for (const { database, owner, runtime } of [CORE, this.home]) {
      for (const role of [owner, runtime]) await server.query(`CREATE ROLE ${role} LOGIN PASSWORD '${SECRET}'`);
      await server.query(`CREATE DATABASE ${database} OWNER ${owner}`);
      await server.query(`REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`);
      await server.query(`GRANT CONNECT ON DATABASE ${database} TO ${runtime}`);
    }
    const { provisioner } = this.home;
    await server.query(`CREATE ROLE ${provisioner} LOGIN CREATEDB CREATEROLE PASSWORD '${SECRET}'`);
    await server.query(`GRANT CONNECT ON DATABASE postgres TO ${provisioner}`);
    await this.migrate(server);
    for (const deploymentId of this.tenants) await this.makeTenant(server, deploymentId);
  }

  /** What a release does, and what follows a restore. Answers what it said. */
  async migrate(server: PostgresServer, ...flags: string[]): Promise<string> {
    const { database, owner, runtime, provisioner } = this.home;
    const core = {
      CORE_MIGRATION_DATABASE_URL: this.url(server, CORE.database, CORE.owner),
      RUNTIME_ROLE: CORE.runtime,
    };
    const home = {
      HOME_ID: this.homeId,
      HOME_MIGRATION_DATABASE_URL: this.url(server, database, owner),
      PROVISIONER_DATABASE_URL: this.url(server, 'postgres', provisioner),
      RUNTIME_ROLE: runtime,
    };
    const said = await Promise.all([program('core-api', core, []), program('tenant-api', home, flags)]);
    return said.join('');
  }

  url(server: PostgresServer, database: string, role: string): string {
    return server.url(database, role, SECRET);
  }

  /** As tenancy makes one: a clone of the template, two login roles in the template's groups, closed to everybody else. */
  private async makeTenant(server: PostgresServer, deploymentId: string): Promise<void> {
    const asProvisioner = this.url(server, 'postgres', this.home.provisioner);
    const name = tenantDatabaseName(deploymentId);
    const { owner, runtime } = tenantRoleNames(deploymentId);
    const hex = this.homeId.replaceAll('-', '');
    const [template] = await server.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname LIKE 'template\\_${hex}\\_%'`,
    );
    if (!template) throw new Error('migrate.main has built no template');
    await server.query(`CREATE DATABASE ${name} TEMPLATE ${template.name}`, asProvisioner);
    for (const [role, group] of [
      [owner, `tenants_${hex}_owner`],
      [runtime, `tenants_${hex}_runtime`],
    ]) {
      await server.query(`CREATE ROLE ${role} LOGIN INHERIT PASSWORD '${SECRET}'`, asProvisioner);
      await server.query(`GRANT ${group} TO ${role}`, asProvisioner);
    }
    await server.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`, asProvisioner);
    await server.query(`GRANT CONNECT ON DATABASE ${name} TO ${owner}, ${runtime}`, asProvisioner);
    await server.query('UPDATE tenant_info SET deployment_id = $1, tenant_id = $1, marked_at = $2', server.url(name), [
      deploymentId,
      '2026-04-01T00:00:00Z',
    ]);
  }
}

async function program(app: string, environment: Record<string, string>, flags: readonly string[]): Promise<string> {
  const { PATH = '' } = process.env;
  const env = { PATH, NODE_ENV: 'production', ...environment };
  const file = `apps/${app}/dist/migrate.main.js`;
  const { stdout } = await run(process.execPath, [file, ...flags], { cwd: root, env, timeout: MIGRATE_MS });
  return stdout;
}
