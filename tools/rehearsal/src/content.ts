import { randomUUID } from 'node:crypto';
import { tenantDatabaseName } from '@biplane/licensing';
import { CORE, type Platform } from './platform.js';
import type { PostgresServer } from './postgres-server.js';

const HOUR = '2026-04-10T12:00:00Z';
const METER = 'droplet_hours';

/** Writes what a day leaves: members, accepted usage with its window, and what core-api holds of it. */
export async function work(
  server: PostgresServer,
  platform: Platform,
  quantity: number,
  revision: number,
): Promise<void> {
  for (const deploymentId of platform.tenants) {
    await server.query(
      `INSERT INTO member (id, role, state, created_at) VALUES ($1, 'member', 'active', $2)`,
      server.url(tenantDatabaseName(deploymentId)),
      [randomUUID(), HOUR],
    );
    const home = server.url(platform.home.database);
    await server.query(
      `INSERT INTO home_state (home_id, incarnation, first_hour, closed_through) VALUES ($1, 1, $2, $2) ON CONFLICT DO NOTHING`,
      home,
      [platform.homeId, HOUR],
    );
    await server.query(
      `INSERT INTO usage_event (deployment_id, source, event_id, meter, quantity, occurred_at, window_start, received_at)
       VALUES ($1, 'rehearsal', $2, $3, $4, $5, $5, $5)`,
      home,
      [deploymentId, randomUUID(), METER, quantity, HOUR],
    );
    await server.query(
      `INSERT INTO usage_window (deployment_id, meter, window_start, window_end, hour, aggregation, quantity, last_event_at, revision,
                                 sent_revision, closed)
       VALUES ($1, $2, $3::timestamptz, $3::timestamptz + interval '1 hour', $3, 'sum', $4, $3, $5, $5, false)
       ON CONFLICT (deployment_id, meter, window_start)
       DO UPDATE SET quantity = usage_window.quantity + $4, revision = $5, sent_revision = $5`,
      home,
      [deploymentId, METER, HOUR, quantity, revision],
    );
    await server.query(
      `INSERT INTO usage_window (deployment_id, meter, window_start, window_end, hour, home_id, incarnation, aggregation, revision,
                                 quantity, closed, received_at)
       VALUES ($1, $2, $3::timestamptz, $3::timestamptz + interval '1 hour', $3, $4, 1, 'sum', $5, $6, false, $3)
       ON CONFLICT (deployment_id, meter, window_start, home_id, incarnation)
       DO UPDATE SET quantity = usage_window.quantity + $6, revision = $5`,
      server.url(CORE.database),
      [deploymentId, METER, HOUR, platform.homeId, revision, quantity],
    );
  }
}

/** One line a table of each database: its rows and a checksum over them. */
export async function contentOf(server: PostgresServer, databases: readonly string[]): Promise<Map<string, string>> {
  const content = new Map<string, string>();
  for (const database of databases) {
    const url = server.url(database);
    const tables = await server.query<{ name: string }>(
      `SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND c.relnamespace = 'public'::regnamespace ORDER BY 1`,
      url,
    );
    for (const { name } of tables) {
      const [row] = await server.query<{ line: string }>(
        `SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') AS line FROM ${name} t`,
        url,
      );
      content.set(`${database}.${name}`, row?.line ?? '');
    }
  }
  return content;
}

/** PostgreSQL writes expressions otherwise after it has read its own writing: of these the names count. */
const GUARDS = {
  door: `SELECT coalesce(g.rolname, 'PUBLIC') || ' ' || a.privilege_type AS line
           FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a LEFT JOIN pg_roles g ON g.oid = a.grantee
          WHERE d.datname = current_database()
          UNION ALL SELECT 'owner ' || pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database() ORDER BY 1`,
  triggers: `SELECT tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text || ' ' || tgtype || ' ' || tgfoid::regproc AS line
               FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`,
  tables: `SELECT c.relname || ' ' || pg_get_userbyid(c.relowner) || ' ' || coalesce(g.rolname, '-') || ' ' || coalesce(a.privilege_type, '-') AS line
             FROM pg_class c LEFT JOIN LATERAL aclexplode(c.relacl) a ON true LEFT JOIN pg_roles g ON g.oid = a.grantee
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S') ORDER BY 1`,
  constraints: `SELECT conrelid::regclass || ' ' || conname || ' ' || contype::text || ' ' || convalidated || ' ' || coalesce(conkey::text, '') AS line
                  FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1`,
  indexes: `SELECT indexrelid::regclass || ' ' || indisunique || ' ' || indisvalid AS line
              FROM pg_index WHERE indrelid::regclass::text NOT LIKE 'pg\\_%' ORDER BY 1`,
} as const;

/** What guards the rows: doors of the databases, owners, grants, triggers, constraints and indexes. */
export async function guardsOf(server: PostgresServer, databases: readonly string[]): Promise<Map<string, string>> {
  const guards = new Map<string, string>();
  for (const database of databases) {
    for (const [kind, sql] of Object.entries(GUARDS)) {
      const rows = await server.query<{ line: string }>(sql, server.url(database));
      guards.set(`${database} ${kind}`, rows.map(({ line }) => line).join('\n'));
    }
  }
  return guards;
}

export function differences(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
}
