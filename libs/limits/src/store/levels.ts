import { executeSql, querySql, type Tx } from '@biplane/service-kit';

/** The level afterwards; undefined when there is no room, or no row yet. */
export async function takeLevel(
  tx: Tx,
  meter: string,
  quantity: string,
  cap: string | null,
): Promise<string | undefined> {
  const [row] = await querySql<{ used: string }>(
    tx,
    `UPDATE level_limit SET used = used + $2::text::numeric
      WHERE meter = $1 ${cap === null ? '' : 'AND used + $2::text::numeric <= $3::text::numeric'}
     RETURNING trim_scale(used)::text AS used`,
    cap === null ? [meter, quantity] : [meter, quantity, cap],
  );
  return row?.used;
}

export async function readLevel(tx: Tx, meter: string): Promise<string | undefined> {
  const [row] = await querySql<{ used: string }>(
    tx,
    'SELECT trim_scale(used)::text AS used FROM level_limit WHERE meter = $1',
    [meter],
  );
  return row?.used;
}

export async function insertLevel(tx: Tx, meter: string, used: string): Promise<void> {
  await executeSql(tx, 'INSERT INTO level_limit (meter, used) VALUES ($1, $2::text::numeric) ON CONFLICT DO NOTHING', [
    meter,
    used,
  ]);
}

export async function releaseLevel(tx: Tx, meter: string, quantity: string): Promise<void> {
  await executeSql(tx, 'UPDATE level_limit SET used = greatest(0, used - $2::text::numeric) WHERE meter = $1', [
    meter,
    quantity,
  ]);
}

export async function setLevel(tx: Tx, meter: string, level: string): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO level_limit (meter, used) VALUES ($1, $2::text::numeric)
     ON CONFLICT (meter) DO UPDATE SET used = excluded.used`,
    [meter, level],
  );
}
