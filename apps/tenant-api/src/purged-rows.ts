import { executeSql, type Tx } from '@biplane/service-kit';
import type { PurgedRows } from './features/export/index.js';

/**
 * What goes with a retired deployment's database. Windows, closes and adjustments are documents and stay; keys and events of usage,
 * decisions and limit events end by their retention.
 */
const TABLES = [
  'limit_hold',
  'limit_reservation',
  'limit_slice',
  'limit_ticket',
  'limit_throttle',
  'limit_recount',
  'limit_counter',
  'level_report',
  'tenant_visit',
] as const;

export const purgedRows: PurgedRows = {
  async forget(tx: Tx, deploymentId: string): Promise<void> {
    for (const table of TABLES)
      await executeSql(tx, `DELETE FROM ${table} WHERE deployment_id = $1::uuid`, [deploymentId]);
  },
};
