import { executeSql, querySql, type Tx } from '@biplane/service-kit';

export interface ApiKey {
  readonly id: string;
  readonly memberId: string;
  readonly name: string;
  readonly prefix: string;
  readonly lastFour: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** As many of a member may be good at once: all of them are listed, so that none is a door that nobody sees. */
const GOOD_KEYS_MAX = 100;

/** False when the member has as many that are good. */
export async function insertKey(tx: Tx, key: ApiKey, tokenHash: string): Promise<boolean> {
  await querySql(tx, 'SELECT 1 FROM member WHERE id = $1::uuid FOR NO KEY UPDATE', [key.memberId]);
  const inserted = await executeSql(
    tx,
    `INSERT INTO api_key (id, member_id, name, token_hash, prefix, last_four, scopes, created_at, expires_at)
     SELECT $1::uuid, m.id, $3, $4, $5, $6, $7::text[], $8, $9 FROM member m WHERE m.id = $2::uuid AND m.state = 'active' AND
       (SELECT count(*) FROM api_key WHERE member_id = m.id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $8)) < ${GOOD_KEYS_MAX}`,
    [key.id, key.memberId, key.name, tokenHash, key.prefix, key.lastFour, key.scopes, key.createdAt, key.expiresAt],
  );
  return inserted === 1;
}

/** A member's: those that are good, the newest first, then those that are over. */
export async function listKeys(tx: Tx, memberId: string, now: Date): Promise<readonly ApiKey[]> {
  return querySql<ApiKey>(
    tx,
    `SELECT id::text AS id, member_id::text AS "memberId", name, prefix, last_four AS "lastFour", scopes,
            created_at AS "createdAt", expires_at AS "expiresAt", revoked_at AS "revokedAt"
       FROM api_key WHERE member_id = $1::uuid
      ORDER BY (revoked_at IS NOT NULL OR coalesce(expires_at <= $2, FALSE)), created_at DESC, id LIMIT 200`,
    [memberId, now],
  );
}

/** False when the member has no such key. What is revoked stays revoked since then. */
export async function revokeKey(
  tx: Tx,
  key: { readonly id: string; readonly memberId: string; readonly at: Date },
): Promise<boolean> {
  const sql = `UPDATE api_key SET revoked_at = coalesce(revoked_at, $3) WHERE id = $1::uuid AND member_id = $2::uuid`;
  return (await executeSql(tx, sql, [key.id, key.memberId, key.at])) === 1;
}
