import { querySql, type Tx } from '@biplane/service-kit';

/**
 * One confirmation of a deployment's meter at a time, until the end of the transaction. Locking its window is not enough:
 * before the first usage of an hour there is none, and those that began without it waited for the others in a circle.
 */
export async function lockConfirmations(tx: Tx, deploymentId: string, meter: string): Promise<void> {
  const key = `confirm|${deploymentId}|${meter}`;
  await querySql(tx, `SELECT 1 AS locked FROM (SELECT pg_advisory_xact_lock(hashtextextended($1, 0))) locked`, [key]);
}
