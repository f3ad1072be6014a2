import { executeSql, querySql, type Tx } from '../database/tx.js';
import type { IdempotentRequest } from './idempotency-key.decorator.js';

export interface StoredRow {
  readonly method: string;
  readonly path: string;
  readonly bodyHash: string;
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** False when another transaction holds this key; the lock ends with the transaction, however that ends. */
export async function lockKey(tx: Tx, request: IdempotentRequest): Promise<boolean> {
  const [row] = await querySql<{ locked: boolean }>(
    tx,
    `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 4711)) AS locked`,
    [`idempotency\n${request.principal}\n${request.key}`],
  );
  return row?.locked === true;
}

export async function findAnswer(tx: Tx, request: IdempotentRequest, now: Date): Promise<StoredRow | null> {
  const [row] = await querySql<StoredRow & { bodyText: string | null }>(
    tx,
    `SELECT method, path, trim(body_hash) AS "bodyHash", status, body, body_text AS "bodyText", headers
       FROM idempotency_key WHERE principal = $1 AND key = $2 AND expires_at > $3::timestamptz`,
    [request.principal, request.key, now.toISOString()],
  );
  if (!row) return null;
  const { bodyText, ...stored } = row;
  // The text keeps the order of members; the jsonb beside it is what the release before wrote and reads.
  return bodyText === null ? stored : { ...stored, body: JSON.parse(bodyText) as unknown };
}

export async function saveAnswer(
  tx: Tx,
  request: IdempotentRequest,
  answer: { status: number; body: unknown; headers: Readonly<Record<string, string>> },
  times: { createdAt: Date; expiresAt: Date },
): Promise<void> {
  // The conflict arm is reached for an expired row only: a live one was found before, under the lock.
  await executeSql(
    tx,
    `INSERT INTO idempotency_key
       (principal, key, method, path, body_hash, status, body, body_text, headers, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $7::text, $8::jsonb, $9::timestamptz, $10::timestamptz)
     ON CONFLICT (principal, key) DO UPDATE SET
       method = EXCLUDED.method, path = EXCLUDED.path, body_hash = EXCLUDED.body_hash, status = EXCLUDED.status,
       body = EXCLUDED.body, body_text = EXCLUDED.body_text, headers = EXCLUDED.headers,
       created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at`,
    [
      request.principal,
      request.key,
      request.method,
      request.path,
      request.bodyHash,
      answer.status,
      JSON.stringify(answer.body),
      JSON.stringify(answer.headers),
      times.createdAt.toISOString(),
      times.expiresAt.toISOString(),
    ],
  );
}

/** Deletes at most `limit` expired rows; returns how many went. */
export async function deleteExpired(tx: Tx, now: Date, limit: number): Promise<number> {
  return executeSql(
    tx,
    `DELETE FROM idempotency_key WHERE (principal, key) IN
       (SELECT principal, key FROM idempotency_key WHERE expires_at <= $1::timestamptz LIMIT $2::int)`,
    [now.toISOString(), limit],
  );
}
