import { Injectable } from '@nestjs/common';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { DeploymentState } from './domain/deployment-state.js';
import type { OpenSuspension, SuspensionCause } from './domain/suspension.js';

/** Why deployments are suspended. */
@Injectable()
export class SuspensionsStore {
  /** The oldest first. */
  open(tx: Tx, deploymentId: string): Promise<OpenSuspension[]> {
    const sql = `SELECT cause, from_state AS "fromState" FROM suspension WHERE deployment_id = $1::uuid AND to_at IS NULL ORDER BY id`;
    return querySql<OpenSuspension>(tx, sql, [deploymentId]);
  }

  /** False when the cause holds already. */
  async add(tx: Tx, id: string, cause: SuspensionCause, fromState: DeploymentState, at: Date): Promise<boolean> {
    const sql = `INSERT INTO suspension (deployment_id, cause, from_state, from_at) VALUES ($1::uuid, $2, $3, $4)
      ON CONFLICT (deployment_id, cause) WHERE to_at IS NULL DO NOTHING`;
    return (await executeSql(tx, sql, [id, cause, fromState, at])) === 1;
  }

  /** Of one cause, or of all. */
  async close(tx: Tx, id: string, cause: SuspensionCause | null, at: Date): Promise<void> {
    const sql = `UPDATE suspension SET to_at = $3 WHERE deployment_id = $1::uuid AND to_at IS NULL AND ($2::text IS NULL OR cause = $2)`;
    await executeSql(tx, sql, [id, cause, at]);
  }

  /** What is resumed later is not past due again. */
  async forgetPastDue(tx: Tx, id: string): Promise<void> {
    const sql = `UPDATE suspension SET from_state = 'active'
      WHERE deployment_id = $1::uuid AND to_at IS NULL AND from_state = 'past_due'`;
    await executeSql(tx, sql, [id]);
  }
}
