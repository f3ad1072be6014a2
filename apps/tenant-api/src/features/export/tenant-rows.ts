import { createHash } from 'node:crypto';
import type { Session } from '../tenancy/index.js';

/** What an export begins with. */
export interface ExportHead {
  readonly deploymentId: string;
  readonly tenantId: string;
  readonly licenseVersion: number;
  readonly at: string;
}

const FETCH_ROWS = 200;
/** A reader that stopped reading does not keep the rows of all others from being cleaned up. */
const IDLE_MS = 60_000;

const TABLES_SQL = `
SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> '_prisma_migrations'
   AND has_table_privilege(c.oid, 'SELECT')
 ORDER BY c.relname`;

/**
 * Every row of a tenant's database as it stood at one instant, a line each, some at a time: whoever reads slowly makes the server wait,
 * and never this process remember. The last line counts what came before it; without it an export is not whole.
 */
export async function* tenantRows(session: Session, head: ExportHead): AsyncGenerator<string> {
  const hash = createHash('sha256');
  const line = (value: string): string => {
    hash.update(value).update('\n');
    return `${value}\n`;
  };
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await session.query(`SET LOCAL idle_in_transaction_session_timeout = ${IDLE_MS}`);
  yield line(JSON.stringify({ export: head }));
  const { rows: tables } = await session.query<{ name: string }>(TABLES_SQL);
  const counts: { name: string; rows: number }[] = [];
  for (const { name } of tables) {
    let rows = 0;
    for await (const texts of pagesOf(session, name)) {
      rows += texts.length;
      // The row stays the text that PostgreSQL made: a number of forty digits is no number of JavaScript's.
      yield texts.map((row) => line(`{"table":${JSON.stringify(name)},"row":${row}}`)).join('');
    }
    counts.push({ name, rows });
  }
  await session.query('COMMIT');
  yield `${JSON.stringify({ end: { tables: counts, sha256: hash.digest('hex') } })}\n`;
}

async function* pagesOf(session: Session, table: string): AsyncGenerator<string[]> {
  const name = `"${table.replaceAll('"', '""')}"`;
  await session.query(`DECLARE export_rows NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS row FROM ${name} t`);
  for (;;) {
    const { rows } = await session.query<{ row: string }>(`FETCH ${FETCH_ROWS} FROM export_rows`);
    if (rows.length > 0) yield rows.map(({ row }) => row);
    if (rows.length < FETCH_ROWS) break;
  }
  await session.query('CLOSE export_rows');
}
