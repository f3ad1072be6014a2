import { executeSql, querySql, type Tx } from '@biplane/service-kit';

/** Who members' papers come from. */
export interface LetterheadText {
  readonly legalName: string;
  readonly address: readonly string[];
  readonly taxId: string | null;
  readonly registration: string | null;
  readonly contact: readonly string[];
  readonly footer: string | null;
  readonly locale: string;
  readonly timeZone: string;
}

export interface Letterhead extends LetterheadText {
  readonly version: number;
  readonly logoHash: string | null;
  readonly recordedBy: string;
  readonly recordedAt: Date;
}

export interface StoredLogo {
  readonly hash: string;
  readonly contentType: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

const LETTERHEAD = `SELECT version, legal_name AS "legalName", address, tax_id AS "taxId", registration, contact, footer, locale,
  time_zone AS "timeZone", logo_hash AS "logoHash", recorded_by AS "recordedBy", recorded_at AS "recordedAt" FROM letterhead`;

/** The present one. */
export async function findLetterhead(tx: Tx): Promise<Letterhead | null> {
  return (await querySql<Letterhead>(tx, `${LETTERHEAD} ORDER BY version DESC LIMIT 1`))[0] ?? null;
}

export async function findLetterheadVersion(tx: Tx, version: number): Promise<Letterhead | null> {
  return (await querySql<Letterhead>(tx, `${LETTERHEAD} WHERE version = $1::int`, [version]))[0] ?? null;
}

/** The newest first, before the given version. */
export async function listLetterheads(tx: Tx, before: number | null, take: number): Promise<readonly Letterhead[]> {
  const sql = `${LETTERHEAD} WHERE $1::bigint IS NULL OR version < $1::bigint ORDER BY version DESC LIMIT $2`;
  return querySql<Letterhead>(tx, sql, [before, take]);
}

/** False when there is one of that version. */
export async function insertLetterhead(tx: Tx, letterhead: Letterhead): Promise<boolean> {
  const { version, legalName, address, taxId, registration, contact, footer } = letterhead;
  const { locale, timeZone, logoHash, recordedBy, recordedAt } = letterhead;
  const inserted = await executeSql(
    tx,
    `INSERT INTO letterhead (version, legal_name, address, tax_id, registration, contact, footer, locale, time_zone, logo_hash,
                             recorded_by, recorded_at)
     VALUES ($1::int, $2, $3::text[], $4, $5, $6::text[], $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
    [
      version, legalName, address, taxId, registration, contact, footer, locale, timeZone, logoHash, recordedBy, recordedAt,
    ],
  ); // prettier-ignore
  return inserted === 1;
}

/** The same picture is kept once. */
export async function keepLogo(tx: Tx, logo: StoredLogo): Promise<void> {
  const { hash, contentType, width, height, bytes } = logo;
  await executeSql(
    tx,
    `INSERT INTO letterhead_logo (hash, content_type, width, height, bytes) VALUES ($1, $2, $3::int, $4::int, $5)
     ON CONFLICT DO NOTHING`,
    [hash, contentType, width, height, bytes],
  );
}

export async function findLogo(tx: Tx, hash: string): Promise<StoredLogo | null> {
  const sql = 'SELECT hash, content_type AS "contentType", width, height, bytes FROM letterhead_logo WHERE hash = $1';
  return (await querySql<StoredLogo>(tx, sql, [hash]))[0] ?? null;
}
