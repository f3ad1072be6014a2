import { executeSql, type Tx } from '@biplane/service-kit';

/** Tables of which the runtime role may read and add rows, never change or remove one. Triggers hold the same for the owner. */
export const INSERT_ONLY_TABLES = [
  'audit_entry',
  'deployment_event',
  'invoice_line',
  'license',
  'license_propagation',
  'tenant_usage_metric',
  'usage_adjustment',
] as const;

export async function restrictRuntimeRole(tx: Tx, role: string): Promise<void> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(role)) throw new Error('The role is not a plain identifier');
  for (const table of INSERT_ONLY_TABLES) {
    await executeSql(tx, `REVOKE UPDATE, DELETE, TRUNCATE ON "${table}" FROM "${role}"`);
  }
}
