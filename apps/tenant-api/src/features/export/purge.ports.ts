import type { Tx } from '@biplane/service-kit';

/** What the tables of this home hold of one deployment and keep for no document. */
export interface PurgedRows {
  forget(tx: Tx, deploymentId: string): Promise<void>;
}
export const PURGED_ROWS = Symbol('PURGED_ROWS');
