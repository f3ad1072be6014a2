import { executeSql, type Tx } from '@biplane/service-kit';

/** Tables of which the runtime role may read and add rows, never change or remove one. Triggers hold the same for the owner. */
export const INSERT_ONLY_TABLES = [
  'addon',
  'audit_entry',
  'audit_seal',
  'billing_settings_version',
  'credit_note',
  'credit_note_line',
  'cost_line',
  'deployment_event',
  'flag_event',
  'invoice_line',
  'invoice_reminder',
  'invoice_pdf',
  'invoice_payment',
  'license',
  'meter',
  'module_event',
  'override_event',
  'plan',
  'plan_migration_parked',
  'plan_migration_skipped',
  'subscription_plan',
  'tax',
  'tenant_balance_entry',
  'tenant_usage_metric',
  'usage_adjustment',
] as const;

/** What was measured is not measured again; retention removes it when its time is over. */
export const UNCHANGED_TABLES = ['license_propagation'] as const;

/** Of a plan version the role may write these two columns alone: publishing is all that ever happens to a draft. */
export const PLAN_VERSION_COLUMNS = ['published_at', 'state'] as const;

/** Of an issued invoice the role may write these alone: what it is settled with, and that it is void. */
export const INVOICE_COLUMNS = [
  'credited_minor',
  'open_minor',
  'paid_at',
  'paid_minor',
  'replaced_by_id',
  'status',
  'void_reason',
  'voided_at',
] as const;

export async function restrictRuntimeRole(tx: Tx, role: string): Promise<void> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(role)) throw new Error('The role is not a plain identifier');
  for (const table of INSERT_ONLY_TABLES) {
    await executeSql(tx, `REVOKE UPDATE, DELETE, TRUNCATE ON "${table}" FROM "${role}"`);
  }
  for (const table of UNCHANGED_TABLES) await executeSql(tx, `REVOKE UPDATE, TRUNCATE ON "${table}" FROM "${role}"`);
  for (const [table, columns] of [
    ['plan_version', PLAN_VERSION_COLUMNS],
    ['invoice', INVOICE_COLUMNS],
  ] as const) {
    await executeSql(tx, `REVOKE UPDATE, DELETE, TRUNCATE ON "${table}" FROM "${role}"`);
    await executeSql(tx, `GRANT UPDATE (${columns.join(', ')}) ON "${table}" TO "${role}"`);
  }
}
