import { executeSql, querySql, type Tx } from '@biplane/service-kit';

export const SENDING_STATES = ['waiting', 'sent', 'failed'] as const;
export type SendingState = (typeof SENDING_STATES)[number];

/** A mail that this process holds until its lease ends. */
export interface StatementMailClaim {
  readonly id: string;
  /** Which sending of the statement: part of its Message-ID. */
  readonly sending: number;
  /** This attempt included: what a claim that lost its lease is told apart by. */
  readonly attempts: number;
  readonly createdAt: Date;
}

/** Each statement is mailed once: another row of it is not made. */
export async function insertMails(tx: Tx, ids: readonly string[], at: Date): Promise<void> {
  if (ids.length === 0) return;
  await executeSql(
    tx,
    `INSERT INTO statement_mail (statement_id, state, sending, attempts, due_at, created_at)
     SELECT id, 'waiting', 1, 0, $2, $2 FROM unnest($1::uuid[]) AS m (id) ON CONFLICT DO NOTHING`,
    [ids, at],
  );
}

/** Takes what is due for this process. Of two each takes other rows; what a killed one held is free when its lease ends. */
export async function claimMails(tx: Tx, now: Date, take: number, leaseMs: number): Promise<StatementMailClaim[]> {
  return querySql<StatementMailClaim>(
    tx,
    `WITH due AS (
       SELECT statement_id FROM statement_mail
        WHERE state = 'waiting' AND due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
        ORDER BY due_at, statement_id LIMIT $2::int FOR UPDATE SKIP LOCKED)
     UPDATE statement_mail m SET lease_until = $3, attempts = m.attempts + 1 FROM due WHERE m.statement_id = due.statement_id
     RETURNING m.statement_id::text AS id, m.sending, m.attempts, m.created_at AS "createdAt"`,
    [now, take, new Date(now.getTime() + leaseMs)],
  );
}

/** Sent, even when the lease was lost meanwhile: the server has it. */
export async function markSent(tx: Tx, { id, sending }: StatementMailClaim, now: Date): Promise<void> {
  await executeSql(
    tx,
    `UPDATE statement_mail SET state = 'sent', sent_at = $3, lease_until = NULL, last_error = NULL
      WHERE statement_id = $1::uuid AND sending = $2::int AND state <> 'sent'`,
    [id, sending, now],
  );
}

/** To be tried again at `dueAt`, or failed for good. Nothing when the lease was lost and another has taken it over. */
export async function markFailed(
  tx: Tx,
  { id, sending, attempts }: StatementMailClaim,
  error: string,
  dueAt: Date | null,
): Promise<void> {
  await executeSql(
    tx,
    `UPDATE statement_mail SET state = $4, due_at = coalesce($5::timestamptz, due_at), lease_until = NULL, last_error = left($6, 64)
      WHERE statement_id = $1::uuid AND sending = $2::int AND attempts = $3::int AND state = 'waiting'`,
    [id, sending, attempts, dueAt === null ? 'failed' : 'waiting', dueAt, error],
  );
}

/** All its attempts again; after one that was sent under another Message-ID, since that one arrived. One that waits goes on as it is. */
export async function sendAgain(tx: Tx, id: string, now: Date): Promise<void> {
  await executeSql(
    tx,
    `UPDATE statement_mail SET sending = sending + CASE WHEN state = 'sent' THEN 1 ELSE 0 END, state = 'waiting', attempts = 0,
            due_at = $2, lease_until = NULL, last_error = NULL
      WHERE statement_id = $1::uuid AND state <> 'waiting'`,
    [id, now],
  );
}

/** When there is something to send next: what is being sent is due when its lease ends. */
export async function nextMailDue(tx: Tx): Promise<Date | null> {
  const sql = `SELECT min(greatest(due_at, lease_until)) AS at FROM statement_mail WHERE state = 'waiting'`;
  return (await querySql<{ at: Date | null }>(tx, sql))[0]!.at;
}
