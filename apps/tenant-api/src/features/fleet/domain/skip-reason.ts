import type { LicenseClaims } from '@biplane/licensing';

/** Why a database is left as it is: whoever wakes, moves or ends it cares for its schema. Null: it is migrated. */
export type SkipReason = 'NOT_SERVED_HERE' | 'SUSPENDED' | 'RETIRING' | 'MOVING' | 'NOT_READY' | 'SCHEMA_AHEAD';

export function skipReason(
  license: Pick<LicenseClaims, 'status' | 'placement'> | undefined,
  database: { readonly state: string; readonly schemaVersion: string | null } | undefined,
  targetVersion: string,
): SkipReason | null {
  if (!license) return 'NOT_SERVED_HERE';
  if (license.status === 'revoked') return 'RETIRING';
  if (license.status === 'suspended') return 'SUSPENDED';
  if (license.placement.phase === 'draining' || license.placement.next) return 'MOVING';
  if (database?.state !== 'ready') return 'NOT_READY';
  // Migrations are named by their instant.
  if (database.schemaVersion !== null && database.schemaVersion > targetVersion) return 'SCHEMA_AHEAD';
  return null;
}
