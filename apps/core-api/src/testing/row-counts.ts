import type { TestPostgres } from '@biplane/testing';

/** How many rows each table has; what the jobs of the service write by themselves is left out. */
export async function rowsByTable(postgres: TestPostgres): Promise<Record<string, number>> {
  const tables = await postgres.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
      WHERE table_schema = 'public' AND table_name NOT IN ('audit_seal') ORDER BY 1`,
  );
  const counts = tables.map(({ name }) => `SELECT '${name}' AS name, count(*)::int AS rows FROM "${name}"`);
  const rows = await postgres.query<{ name: string; rows: number }>(counts.join(' UNION ALL '));
  return Object.fromEntries(rows.map((row) => [row.name, row.rows]));
}
