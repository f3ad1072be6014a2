import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import { HANDED_TABLES, KEY_TABLE, type HandedTable } from './domain/handed-tables.js';
import { wordOf, type TableWord } from './table-words.js';

export interface Handover {
  readonly deploymentId: string;
  readonly toEpoch: number;
  /** Whose usage this is: the old home. */
  readonly fromHomeId: string;
  readonly toHomeId: string;
  readonly keptSince: Date;
}

/** Texts of instants are the same on both sides. */
export async function inUtc(tx: Tx): Promise<void> {
  await querySql(tx, `SELECT set_config('timezone', 'UTC', true) AS zone`, []);
}

/** Packs what goes along as it stands in the transaction, and says what that is. */
export async function pack(tx: Tx, handover: Handover): Promise<TableWord[]> {
  const { deploymentId, toEpoch, keptSince } = handover;
  await inUtc(tx);
  await executeSql(tx, 'DELETE FROM move_parcel WHERE deployment_id = $1::uuid AND to_epoch = $2::int', [
    deploymentId,
    toEpoch,
  ]);
  await packUsage(tx, handover);
  const words: TableWord[] = [];
  for (const table of HANDED_TABLES) {
    if (table.name !== 'usage_carried') await packTable(tx, table, handover);
    words.push(await parcelWord(tx, table, handover));
  }
  words.push(await tableWord(tx, KEY_TABLE, deploymentId, keptSince));
  return words;
}

/** What a home holds of a table that was handed to it. */
export async function tableWord(tx: Tx, table: HandedTable, deploymentId: string, keptSince: Date): Promise<TableWord> {
  const lines = `SELECT (to_jsonb(t) - 'number'${without(table)})::text FROM ${table.name} t WHERE ${table.rows}`;
  const [word] = await querySql<Omit<TableWord, 'name'>>(tx, wordOf(lines), [deploymentId, keptSince.toISOString()]);
  return { name: table.name, rows: word?.rows ?? 0, checksum: word?.checksum ?? '' };
}

export interface ParcelPage {
  /** A JSON array of the rows, never parsed here: decimals stay what they are. */
  readonly rows: string;
  readonly lastId: string;
}

export async function parcelPage(
  reader: Tx,
  { deploymentId, toEpoch }: Handover,
  table: string,
  afterId: string,
  max: number,
): Promise<ParcelPage | null> {
  const [page] = await querySql<{ rows: string | null; lastId: string | null }>(
    reader,
    `SELECT '[' || string_agg(row::text, ',' ORDER BY id) || ']' AS rows, max(id)::text AS "lastId"
       FROM (SELECT id, row FROM move_parcel
              WHERE deployment_id = $1::uuid AND to_epoch = $2::int AND table_name = $3 AND id > $4::text::bigint
              ORDER BY id LIMIT $5::int) AS parcel`,
    [deploymentId, toEpoch, table, afterId, max],
  );
  return page?.rows && page.lastId ? { rows: page.rows, lastId: page.lastId } : null;
}

export interface KeyPage {
  readonly rows: string;
  readonly source: string;
  readonly eventId: string;
}

export async function keyPage(
  reader: Tx,
  { deploymentId, keptSince }: Handover,
  after: { readonly source: string; readonly eventId: string },
  max: number,
): Promise<KeyPage | null> {
  const [page] = await querySql<{ rows: string | null; source: string; eventId: string }>(
    reader,
    `SELECT '[' || string_agg(to_jsonb(key)::text, ',') || ']' AS rows,
            (array_agg(source ORDER BY source DESC, event_id DESC))[1] AS source,
            (array_agg(event_id ORDER BY source DESC, event_id DESC))[1] AS "eventId"
       FROM (SELECT t.* FROM usage_event_key t
              WHERE ${KEY_TABLE.rows} AND (t.source, t.event_id) > ($3, $4)
              ORDER BY t.source, t.event_id LIMIT $5::int) AS key`,
    [deploymentId, keptSince.toISOString(), after.source, after.eventId, max],
  );
  return page?.rows ? { rows: page.rows, source: page.source, eventId: page.eventId } : null;
}

/** Before rows are put in: those that are there of an earlier try, or of an earlier stay. Keys stay, they only add up. */
export async function clear(tx: Tx, { deploymentId, keptSince }: Handover): Promise<void> {
  await querySql(tx, `SELECT set_config('biplane.copies', 'on', true) AS copies`, []);
  for (const { name, rows } of [...HANDED_TABLES].reverse()) {
    await executeSql(tx, `DELETE FROM ${name} t WHERE ${rows}`, [deploymentId, keptSince.toISOString()]);
  }
}

export async function putRows(tx: Tx, table: HandedTable, rows: string): Promise<void> {
  const columns = table.columns.join(', ');
  const values = table.name === 'decision' ? table.columns.map(decisionColumn).join(', ') : columns;
  await executeSql(
    tx,
    `INSERT INTO ${table.name} (${columns}) SELECT ${values} FROM jsonb_populate_recordset(NULL::${table.name}, $1::text::jsonb) AS r
     ${table.name === KEY_TABLE.name ? 'ON CONFLICT DO NOTHING' : ''}`,
    [rows],
  );
}

/** A key that is taken at this home, by a question of another deployment, stays its. */
const decisionColumn = (column: string): string =>
  column === 'idempotency_key'
    ? `CASE WHEN EXISTS (SELECT 1 FROM decision d WHERE (d.principal, d.idempotency_key) = (r.principal, r.idempotency_key))
            THEN NULL ELSE r.idempotency_key END`
    : `r.${column}`;

async function packTable(tx: Tx, table: HandedTable, { deploymentId, toEpoch, keptSince }: Handover): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO move_parcel (deployment_id, to_epoch, table_name, row)
     SELECT $1::uuid, $3::int, $4, to_jsonb(t) - 'number' FROM ${table.name} t WHERE ${table.rows}
      ${table.orderBy === undefined ? '' : `ORDER BY ${table.orderBy}`}`,
    [deploymentId, keptSince.toISOString(), toEpoch, table.name],
  );
}

// A reading belongs to the quarter of an hour in which it was taken: no local day begins within one. What the next home counted
// itself in an earlier stay it still has.
async function packUsage(tx: Tx, { deploymentId, toEpoch, fromHomeId, toHomeId, keptSince }: Handover): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO move_parcel (deployment_id, to_epoch, table_name, row)
     WITH reading AS (
       SELECT meter, window_start, quantity, occurred_at AS at FROM usage_event
        WHERE deployment_id = $1::uuid AND window_start >= $2::text::timestamptz
       UNION ALL
       SELECT meter, window_start, quantity, counted_at FROM usage_call
        WHERE deployment_id = $1::uuid AND window_start >= $2::text::timestamptz
     ), own AS (
       SELECT w.deployment_id, w.meter, date_bin('15 minutes', r.at, timestamptz 'epoch') AS quarter, $4::uuid AS home_id,
              w.aggregation, (CASE w.aggregation WHEN 'sum' THEN sum(r.quantity) WHEN 'peak' THEN max(r.quantity)
                ELSE (array_agg(r.quantity ORDER BY r.at DESC, r.quantity DESC))[1] END)::numeric(42, 12) AS quantity,
              max(r.at) AS last_at
         FROM reading r JOIN usage_window w
           ON (w.deployment_id, w.meter, w.window_start) = ($1::uuid, r.meter, r.window_start)
        GROUP BY w.deployment_id, w.meter, 3, w.aggregation
     )
     SELECT $1::uuid, $3::int, 'usage_carried', to_jsonb(c) FROM (
       SELECT * FROM own
       UNION ALL
       SELECT deployment_id, meter, quarter, home_id, aggregation, quantity, last_at FROM usage_carried
        WHERE deployment_id = $1::uuid AND home_id <> $5::uuid AND quarter >= $2::text::timestamptz
     ) AS c`,
    [deploymentId, keptSince.toISOString(), toEpoch, fromHomeId, toHomeId],
  );
}

async function parcelWord(tx: Tx, table: HandedTable, { deploymentId, toEpoch }: Handover): Promise<TableWord> {
  const lines = `SELECT (row${without(table)})::text FROM move_parcel
                  WHERE deployment_id = $1::uuid AND to_epoch = $2::int AND table_name = $3`;
  const [word] = await querySql<Omit<TableWord, 'name'>>(tx, wordOf(lines), [deploymentId, toEpoch, table.name]);
  return { name: table.name, rows: word?.rows ?? 0, checksum: word?.checksum ?? '' };
}

function without({ uncompared = [] }: HandedTable): string {
  return uncompared.map((column) => ` - '${column}'`).join('');
}
