/**
 * The only place that makes a name of a database or role. Names come from UUIDs alone and everything else throws: a name is spliced
 * into SQL where no parameter can stand, and 32 hex digits need no quoting and fit the 63 bytes of PostgreSQL with any suffix here.
 */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TENANT_DATABASE = /^tenant_[0-9a-f]{32}$/;
const HOME_DATABASE = /^home_[0-9a-f]{32}$/;

function hexOf(id: string): string {
  // A regular expression would turn an array or an object into text first; only a text may be a name.
  if (typeof id !== 'string' || !UUID.test(id))
    throw new TypeError('A database name is made from a lower-case UUID only');
  return id.replaceAll('-', '');
}

/** `tenant_` + the 32 hex digits of the deployment's id. Throws on anything that is not a lower-case UUID. */
export function tenantDatabaseName(deploymentId: string): string {
  return `tenant_${hexOf(deploymentId)}`;
}

/** `home_` + the 32 hex digits of the home's id. Throws on anything that is not a lower-case UUID. */
export function homeDatabaseName(homeId: string): string {
  return `home_${hexOf(homeId)}`;
}

export interface TenantRoleNames {
  /** Migrates; the runtime never connects as it. */
  readonly owner: string;
  /** What requests run as. */
  readonly runtime: string;
}

export function tenantRoleNames(deploymentId: string): TenantRoleNames {
  const name = tenantDatabaseName(deploymentId);
  return { owner: `${name}_owner`, runtime: name };
}

export interface HomeRoleNames extends TenantRoleNames {
  /** May create databases and roles; not a superuser. */
  readonly provisioner: string;
}

export function homeRoleNames(homeId: string): HomeRoleNames {
  const name = homeDatabaseName(homeId);
  return { owner: `${name}_owner`, runtime: name, provisioner: `provisioner_${hexOf(homeId)}` };
}

export function isTenantDatabaseName(name: unknown): name is string {
  return typeof name === 'string' && TENANT_DATABASE.test(name);
}

export function isHomeDatabaseName(name: unknown): name is string {
  return typeof name === 'string' && HOME_DATABASE.test(name);
}
