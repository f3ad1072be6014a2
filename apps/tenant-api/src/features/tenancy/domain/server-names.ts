import { tenantDatabaseName, tenantRoleNames, type TenantRoleNames } from '@biplane/licensing';

const HASH = /^[0-9a-f]{16}$/;

/** Names on the database server that belong to a home, made like all others from a UUID alone. */
export interface ServerNames {
  /** NOLOGIN; owns every object of the template and of its clones. */
  readonly ownerGroup: string;
  /** NOLOGIN; may read and write rows. */
  readonly runtimeGroup: string;
  readonly template: string;
  /** The template while it is built: it takes its name when it is whole. */
  readonly building: string;
}

/** `schemaHash`: 16 hex digits over the tenant migrations, so that programs of two versions clone two templates. */
export function serverNames(homeId: string, schemaHash: string): ServerNames {
  if (!HASH.test(schemaHash)) throw new TypeError('A schema hash is 16 hex digits');
  const home = tenantDatabaseName(homeId).slice('tenant_'.length);
  return {
    ownerGroup: `tenants_${home}_owner`,
    runtimeGroup: `tenants_${home}_runtime`,
    template: `template_${home}_${schemaHash}`,
    building: `building_${home}_${schemaHash}`,
  };
}

/**
 * The login roles of a deployment under one placement. From the second on they have names of their own: the home that served it before
 * can be locked out for good while the next one already works.
 */
export function tenantLoginNames(deploymentId: string, epoch: number): TenantRoleNames {
  if (!Number.isInteger(epoch) || epoch < 1 || epoch > EPOCH_MAX) throw new TypeError('An epoch counts from 1');
  const names = tenantRoleNames(deploymentId);
  if (epoch === 1) return names;
  return { owner: `${names.owner}_e${epoch}`, runtime: `${names.runtime}_e${epoch}` };
}

/** Far beyond any number of moves; seven digits leave the names within 63 bytes. */
const EPOCH_MAX = 9_999_999;

const IDENTIFIER = /^[a-z][a-z0-9_]{0,62}$/;

/** The one way for a name into a statement. Whatever does not need quoting cannot break out of it. */
export function quoteName(name: string): string {
  if (typeof name !== 'string' || !IDENTIFIER.test(name)) throw new TypeError('Not a name of a database or role');
  return `"${name}"`;
}
