import { migrate } from '@biplane/service-kit';
import { quoteName, serverNames } from './domain/server-names.js';
import type { TenantSchema } from './schema-folder.js';
import { codeOf, retried, urlFor, withLock, withSession, type Session } from './server-session.js';

export interface TemplateOptions {
  readonly provisionerUrl: string;
  readonly homeId: string;
  readonly schema: TenantSchema;
}

const LOCK_WAIT_MS = 120_000;

/**
 * Builds the database that every tenant's is cloned from, if it is not there. Of several at once one builds and the others find it; a
 * crash leaves only a half-built one, which the next call throws away. Returns its name.
 */
export async function ensureTemplate(options: TemplateOptions): Promise<string> {
  const names = serverNames(options.homeId, options.schema.hash);
  return withSession(options.provisionerUrl, async (session) => {
    const built = await withLock(session, `template:${options.homeId}`, LOCK_WAIT_MS, async () => {
      await ensureGroups(session, options);
      if (await databaseExists(session, names.template)) return;
      await build(session, options);
    });
    if (built === null) throw new Error('Another process has been building the tenant template for two minutes');
    return names.template;
  });
}

export async function databaseExists(session: Session, name: string): Promise<boolean> {
  const { rowCount } = await session.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  return rowCount === 1;
}

/** From version 16 on the creator of a role must be told that it may act as it. */
export async function grantOption(session: Session): Promise<string> {
  const { rows } = await session.query<{ server_version_num: string }>('SHOW server_version_num');
  const version = Number(rows[0]?.server_version_num ?? 0);
  return version >= 160_000 ? ' WITH INHERIT TRUE, SET TRUE' : '';
}

/**
 * Cloning keeps the owners of objects, and REASSIGN OWNED in a clone would reach the template: so they belong to a group that nobody
 * can log in as, and each deployment's own roles join the groups.
 */
async function ensureGroups(session: Session, { homeId, schema }: TemplateOptions): Promise<void> {
  const { ownerGroup, runtimeGroup } = serverNames(homeId, schema.hash);
  for (const group of [ownerGroup, runtimeGroup]) {
    try {
      await session.query(`CREATE ROLE ${quoteName(group)} NOLOGIN`);
    } catch (error) {
      if (codeOf(error) !== '42710' && codeOf(error) !== '23505') throw error;
    }
  }
  const option = await grantOption(session);
  await retried(() => session.query(`GRANT ${quoteName(ownerGroup)} TO CURRENT_USER${option}`));
}

async function build(session: Session, { provisionerUrl, homeId, schema }: TemplateOptions): Promise<void> {
  const { template, building, ownerGroup, runtimeGroup } = serverNames(homeId, schema.hash);
  const [name, owner, runtime] = [building, ownerGroup, runtimeGroup].map(quoteName) as [string, string, string];
  await session.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await retried(() => session.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`));
  await session.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  await withSession(urlFor(provisionerUrl, building), async (inside) => {
    await inside.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
    await inside.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${owner}`);
    await inside.query(`GRANT USAGE ON SCHEMA public TO ${runtime}`);
    const defaults = `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA public`;
    await inside.query(`${defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${runtime}`);
    await inside.query(`${defaults} GRANT USAGE, SELECT ON SEQUENCES TO ${runtime}`);
  });
  // The provisioner logs in and acts as the group: it owns the database, yet none of what is in it.
  const url = urlFor(provisionerUrl, building, undefined, ownerGroup);
  await migrate({ url, folder: schema.folder });
  await withSession(url, async (inside) => {
    await inside.query(`REVOKE INSERT, UPDATE, DELETE ON tenant_info, _prisma_migrations FROM ${runtime}`);
    await inside.query('INSERT INTO tenant_info (id, home_id) VALUES (1, $1)', [homeId]);
  });
  await retried(() => session.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`));
  // The name says that it is whole, so it comes last.
  await retried(() => session.query(`ALTER DATABASE ${name} RENAME TO ${quoteName(template)}`));
}
