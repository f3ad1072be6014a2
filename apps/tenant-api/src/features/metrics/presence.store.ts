import { executeSql, querySql, type Tx } from '@biplane/service-kit';

/** Says that a process of this home runs. */
export async function seen(tx: Tx, processId: string, now: Date): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO home_process (process_id, seen_at) VALUES ($1::uuid, $2::text::timestamptz)
     ON CONFLICT (process_id) DO UPDATE SET seen_at = excluded.seen_at`,
    [processId, now.toISOString()],
  );
}

/**
 * Takes a process that ends from the list. True when it was the last: none is left that was seen since `since`. One after the
 * other, by the home's row, so that of two that end at once one is the last.
 */
export async function leave(tx: Tx, homeId: string, processId: string, since: Date): Promise<boolean> {
  await querySql(tx, 'SELECT 1 AS locked FROM home_state WHERE home_id = $1::uuid FOR UPDATE', [homeId]);
  await executeSql(tx, 'DELETE FROM home_process WHERE process_id = $1::uuid', [processId]);
  const sql = 'SELECT NOT EXISTS (SELECT 1 FROM home_process WHERE seen_at > $1::text::timestamptz) AS "isLast"';
  const [row] = await querySql<{ isLast: boolean }>(tx, sql, [since.toISOString()]);
  return row!.isLast;
}
