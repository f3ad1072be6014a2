import { executeSql, type Tx } from '@biplane/service-kit';

/** Tables of which the runtime role may read and add rows, never change or remove one. Triggers hold the same for the owner. */
export const INSERT_ONLY_TABLES = [
  'addon',
  'audit_entry',
  'audit_seal',
  'billing_settings_version',
  'deployment_event',
  'flag_event',
  'invoice_line',
  'license',
  'license_propagation',
  'meter',
  'module_event',
  'override_event',
  'plan',
  'subscription_plan',
  'tax',
  'tenant_usage_metric',
  'usage_adjustment',
] as const;

/** Of a plan version the role may write these two columns alone: publishing is all that ever happens to a draft. */
export const PLAN_VERSION_COLUMNS = ['published_at', 'state'] as const;

export async function restrictRuntimeRole(tx: Tx, role: string): Promise<void> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(role)) throw new Error('The role is not a plain identifier');
  for (const table of INSERT_ONLY_TABLES) {
    await executeSql(tx, `REVOKE UPDATE, DELETE, TRUNCATE ON "${table}" FROM "${role}"`);
  }
  await executeSql(tx, `REVOKE UPDATE, DELETE, TRUNCATE ON "plan_version" FROM "${role}"`);
  await executeSql(tx, `GRANT UPDATE (${PLAN_VERSION_COLUMNS.join(', ')}) ON "plan_version" TO "${role}"`);
}
