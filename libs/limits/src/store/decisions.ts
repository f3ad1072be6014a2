import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import { lines } from './key-columns.js';

export interface DecisionRow {
  readonly decisionId: string;
  readonly deploymentId: string;
  readonly principal: string;
  readonly action: string;
  readonly meter: string | null;
  readonly quantity: string | null;
  readonly outcome: string;
  readonly code: string | null;
  /** The answer, byte for byte. */
  readonly answer: string;
  readonly decidedAt: Date;
  readonly idempotency: { readonly key: string; readonly questionHash: string } | null;
}

/** False when another transaction holds this key; the lock ends with the transaction, however that ends. */
export async function lockDecisionKey(tx: Tx, principal: string, key: string): Promise<boolean> {
  const [row] = await querySql<{ locked: boolean }>(
    tx,
    'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 4712)) AS locked',
    [`decision\n${principal}\n${key}`],
  );
  return row?.locked === true;
}

export async function findDecision(
  tx: Tx,
  principal: string,
  key: string,
): Promise<{ readonly questionHash: string; readonly answer: string } | undefined> {
  const [row] = await querySql<{ questionHash: string; answer: string }>(
    tx,
    'SELECT trim(question_hash) AS "questionHash", answer FROM decision WHERE principal = $1 AND idempotency_key = $2',
    [principal, key],
  );
  return row;
}

export async function insertDecisions(tx: Tx, rows: readonly DecisionRow[]): Promise<void> {
  if (rows.length === 0) return;
  await executeSql(
    tx,
    `INSERT INTO decision (id, deployment_id, principal, action, meter, quantity, outcome, code, idempotency_key,
                           question_hash, answer, decided_at)
     SELECT (d->>'decisionId')::uuid, (d->>'deploymentId')::uuid, d->>'principal', d->>'action', d->>'meter',
            (d->>'quantity')::numeric, d->>'outcome', d->>'code', d->'idempotency'->>'key',
            d->'idempotency'->>'questionHash', d->>'answer', (d->>'decidedAt')::timestamptz
       FROM json_array_elements($1::text::json) AS d`,
    [JSON.stringify(rows)],
  );
}

export async function replaceDecision(tx: Tx, { decisionId, outcome, code, answer }: DecisionRow): Promise<void> {
  await executeSql(tx, 'UPDATE decision SET outcome = $2, code = $3, answer = $4 WHERE id = $1::text::uuid', [
    decisionId,
    outcome,
    code,
    answer,
  ]);
}

export interface AllowedCount {
  readonly deploymentId: string;
  readonly action: string;
  readonly meter: string;
  readonly hour: Date;
  readonly allowed: number;
}

/** False when this flush, or a later one, was applied before. */
export async function takeFlush(
  tx: Tx,
  flush: { readonly processId: string; readonly purpose: string; readonly sequence: number; readonly now: Date },
): Promise<boolean> {
  const taken = await executeSql(
    tx,
    `INSERT INTO limit_flush AS held (process_id, purpose, sequence, flushed_at)
     VALUES ($1::text::uuid, $2, $3::text::bigint, $4::text::timestamptz)
     ON CONFLICT (process_id, purpose) DO UPDATE SET sequence = excluded.sequence, flushed_at = excluded.flushed_at
      WHERE held.sequence < excluded.sequence`,
    [flush.processId, flush.purpose, String(flush.sequence), flush.now.toISOString()],
  );
  return taken === 1;
}

/** Of distinct keys. One line that is empty comes as no line. */
export async function addAllowed(tx: Tx, counts: readonly AllowedCount[]): Promise<void> {
  if (counts.length === 0) return;
  await executeSql(
    tx,
    `INSERT INTO decision_count AS held (deployment_id, action, meter, hour, allowed)
     SELECT deployment_id, action, coalesce(meter, ''), hour, allowed FROM ROWS FROM (
       unnest(string_to_array($1::text, E'\\n')::uuid[]), unnest(string_to_array($2::text, E'\\n')),
       unnest(string_to_array($3::text, E'\\n')), unnest(string_to_array($4::text, E'\\n')::timestamptz[]),
       unnest(string_to_array($5::text, E'\\n')::bigint[])) AS c(deployment_id, action, meter, hour, allowed)
      ORDER BY deployment_id, action COLLATE "C", meter COLLATE "C", hour
     ON CONFLICT (deployment_id, action, meter, hour) DO UPDATE SET allowed = held.allowed + excluded.allowed`,
    [
      lines(counts, ({ deploymentId }) => deploymentId),
      lines(counts, ({ action }) => action),
      lines(counts, ({ meter }) => meter),
      lines(counts, ({ hour }) => hour.toISOString()),
      lines(counts, ({ allowed }) => allowed),
    ],
  );
}

/** What is older; a bounded number of rows at a time. */
export async function forgetDecisions(tx: Tx, before: Date, max: number): Promise<number> {
  const values = [before.toISOString(), max];
  const decisions = await executeSql(
    tx,
    `DELETE FROM decision WHERE id IN (SELECT id FROM decision WHERE decided_at < $1::text::timestamptz LIMIT $2::int)`,
    values,
  );
  const counts = await executeSql(
    tx,
    `DELETE FROM decision_count WHERE (deployment_id, action, meter, hour) IN (
       SELECT deployment_id, action, meter, hour FROM decision_count WHERE hour < $1::text::timestamptz LIMIT $2::int)`,
    values,
  );
  const flushes = await executeSql(
    tx,
    `DELETE FROM limit_flush WHERE (process_id, purpose) IN (
       SELECT process_id, purpose FROM limit_flush WHERE flushed_at < $1::text::timestamptz LIMIT $2::int)`,
    values,
  );
  return decisions + counts + flushes;
}
