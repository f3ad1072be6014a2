import { executeSql, querySql, type Tx } from '@biplane/service-kit';

/** Placements whose roles were locked out for good: whoever still holds an old license may not open the door again. */
export async function recordFence(tx: Tx, fence: { deploymentId: string; epoch: number; at: Date }): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO deployment_fence (deployment_id, epoch, fenced_at) VALUES ($1::uuid, $2::int, $3::text::timestamptz)
     ON CONFLICT (deployment_id) DO UPDATE SET (epoch, fenced_at) = (EXCLUDED.epoch, EXCLUDED.fenced_at)
      WHERE deployment_fence.epoch < EXCLUDED.epoch`,
    [fence.deploymentId, fence.epoch, fence.at.toISOString()],
  );
}

/** 0 when nothing is fenced. */
export async function fencedEpoch(reader: Tx, deploymentId: string): Promise<number> {
  const rows = await querySql<{ epoch: number }>(
    reader,
    'SELECT epoch FROM deployment_fence WHERE deployment_id = $1::uuid',
    [deploymentId],
  );
  return rows[0]?.epoch ?? 0;
}
