import { executeSql, querySql, type Tx } from '@biplane/service-kit';

export interface LicenseRow {
  readonly deploymentId: string;
  readonly tenantId: string;
  readonly homeId: string;
  readonly version: number;
  readonly jti: string;
  readonly payloadHash: string;
  readonly kid: string;
  readonly compact: string;
  readonly issuedAt: Date;
  readonly receivedAt: Date;
}

export interface KeyStatementRow {
  readonly kid: string;
  readonly state: 'trusted' | 'revoked';
  readonly statement: string;
  readonly receivedAt: Date;
}

export interface StoredLicense {
  readonly deploymentId: string;
  readonly compact: string;
}

const PAGE = 500;

/** Keeps the highest version of each. What a revoked key signed neither stays nor enters, whichever replica writes last. */
export async function saveLicenses(tx: Tx, rows: readonly LicenseRow[]): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO license (deployment_id, tenant_id, home_id, version, jti, payload_hash, kid, compact, issued_at, received_at)
     SELECT "deploymentId", "tenantId", "homeId", version, jti, "payloadHash", i.kid, compact, "issuedAt", "receivedAt"
       FROM jsonb_to_recordset($1::text::jsonb)
         AS i ("deploymentId" uuid, "tenantId" uuid, "homeId" uuid, version bigint, jti uuid, "payloadHash" text, kid text,
               compact text, "issuedAt" timestamptz, "receivedAt" timestamptz)
      WHERE NOT EXISTS (SELECT 1 FROM trusted_key k WHERE k.kid = i.kid AND k.state = 'revoked')
      ORDER BY "deploymentId"
     ON CONFLICT (deployment_id) DO UPDATE
        SET (tenant_id, home_id, version, jti, payload_hash, kid, compact, issued_at, received_at)
          = (EXCLUDED.tenant_id, EXCLUDED.home_id, EXCLUDED.version, EXCLUDED.jti, EXCLUDED.payload_hash, EXCLUDED.kid,
             EXCLUDED.compact, EXCLUDED.issued_at, EXCLUDED.received_at)
      WHERE license.version < EXCLUDED.version
         OR EXISTS (SELECT 1 FROM trusted_key k WHERE k.kid = license.kid AND k.state = 'revoked')`,
    [JSON.stringify(rows)],
  );
}

/** Page by page: thousands of signed texts are not held in memory at once. */
export async function eachLicensePage(reader: Tx, take: (rows: readonly StoredLicense[]) => void): Promise<void> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await querySql<StoredLicense>(
      reader,
      `SELECT deployment_id::text AS "deploymentId", compact FROM license
        WHERE deployment_id > $1::uuid ORDER BY deployment_id LIMIT ${PAGE}`,
      [after],
    );
    take(rows);
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.deploymentId ?? after;
  }
}

/** The newest that any replica has stored; 0 when none has. */
export async function storedVersion(reader: Tx, deploymentId: string): Promise<number> {
  const rows = await querySql<{ version: number }>(
    reader,
    'SELECT version::float8 AS version FROM license WHERE deployment_id = $1::uuid',
    [deploymentId],
  );
  return rows[0]?.version ?? 0;
}

export async function loadKeyStatements(reader: Tx): Promise<string[]> {
  const rows = await querySql<{ statement: string }>(reader, 'SELECT statement FROM trusted_key ORDER BY kid');
  return rows.map(({ statement }) => statement);
}

/** `revoked` is final, in the database too; with it goes what was learnt under the key. */
export async function saveKeyStatement(tx: Tx, key: KeyStatementRow): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO trusted_key (kid, state, statement, received_at) VALUES ($1, $2, $3, $4::text::timestamptz)
     ON CONFLICT (kid) DO UPDATE
        SET (state, statement, received_at) = (EXCLUDED.state, EXCLUDED.statement, EXCLUDED.received_at)
      WHERE trusted_key.state <> 'revoked'`,
    [key.kid, key.state, key.statement, key.receivedAt.toISOString()],
  );
  if (key.state === 'revoked') await executeSql(tx, 'DELETE FROM license WHERE kid = $1', [key.kid]);
}

export async function newestMigration(reader: Tx): Promise<string | null> {
  const rows = await querySql<{ name: string | null }>(
    reader,
    'SELECT max(migration_name) AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  return rows[0]?.name ?? null;
}
