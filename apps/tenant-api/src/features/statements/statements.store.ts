import { money, orThrow, parseCurrency, type Money } from '@biplane/kernel';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { SendingState } from './statement-mail.store.js';

export interface Statement {
  readonly id: string;
  readonly accountId: string;
  readonly from: Date;
  readonly to: Date;
  readonly opening: Money;
  readonly closing: Money;
  readonly entries: number;
  readonly issuedAt: Date;
  /** How its mail is doing; null of one that is not mailed. */
  readonly sending: Sending | null;
}

export interface Sending {
  readonly state: SendingState;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly sentAt: Date | null;
}

/** An account whose next statement is due: what it said last, and what was booked since. */
export interface DueAccount {
  readonly id: string;
  readonly from: Date;
}

/** Of an erased member only where something is owed or was booked since: nobody is told that nothing came of nothing. */
const DUE = `FROM ledger_account a JOIN member m ON m.id = a.member_id
  CROSS JOIN LATERAL (SELECT coalesce(a.stated_through, a.created_at) AS since) told
  WHERE told.since < $2 AND NOT EXISTS (SELECT 1 FROM skipped_statement s WHERE s.run_id = $1::uuid AND s.account_id = a.id)
    AND (m.state <> 'erased'
      OR EXISTS (SELECT 1 FROM statement s WHERE s.account_id = a.id AND s.period_to = a.stated_through AND s.closing_minor <> 0)
      OR EXISTS (SELECT 1 FROM journal_entry e WHERE e.account_id = a.id AND e.booked_at >= told.since AND e.booked_at < $2))`;

/**
 * Accounts that were not told of all until the instant, and not skipped by the run; each is taken by one worker at a time. One whose member
 * is being erased at this moment is left for later: its paper is not to name who is forgotten meanwhile.
 */
export async function lockDueAccounts(tx: Tx, runId: string, to: Date, take: number): Promise<readonly DueAccount[]> {
  return querySql<DueAccount>(
    tx,
    `SELECT a.id::text AS id, told.since AS "from" ${DUE}
      ORDER BY a.id LIMIT $3 FOR NO KEY UPDATE OF a SKIP LOCKED FOR KEY SHARE OF m SKIP LOCKED`,
    [runId, to, take],
  );
}

export async function hasDueAccounts(tx: Tx, runId: string, to: Date): Promise<boolean> {
  return (await querySql(tx, `SELECT 1 ${DUE} LIMIT 1`, [runId, to])).length > 0;
}

export interface Issue {
  readonly id: string;
  readonly accountId: string;
  readonly from: Date;
  readonly licenseVersion: number;
}

/** Statements of the accounts from where each was told to until `to`, summed by PostgreSQL from the journal; closes that time. */
export async function insertStatements(
  tx: Tx,
  issues: readonly Issue[],
  common: { readonly to: Date; readonly runId: string; readonly at: Date },
): Promise<void> {
  if (issues.length === 0) return;
  const { to, runId, at } = common;
  await executeSql(
    tx,
    `INSERT INTO statement (id, account_id, period_from, period_to, currency, opening_minor, closing_minor, entries,
                            first_number, last_number, run_id, license_version, issued_at)
     SELECT i.id, i.account, i.since, $5, a.currency, s.opening, s.opening + s.moved, s.entries, s.first, s.last, $6::uuid,
            i.version, $7
       FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::int[]) AS i (id, account, since, version)
       JOIN ledger_account a ON a.id = i.account
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(p.amount_minor) FILTER (WHERE e.booked_at < i.since), 0) AS opening,
               coalesce(sum(p.amount_minor) FILTER (WHERE e.booked_at >= i.since), 0) AS moved,
               count(*) FILTER (WHERE e.booked_at >= i.since) AS entries,
               min(e.number) FILTER (WHERE e.booked_at >= i.since) AS first,
               max(e.number) FILTER (WHERE e.booked_at >= i.since) AS last
          FROM journal_entry e JOIN posting p ON p.entry_id = e.id AND p.account_id = e.account_id
         WHERE e.account_id = i.account AND e.booked_at < $5) s`,
    [
      issues.map(({ id }) => id), issues.map(({ accountId }) => accountId), issues.map(({ from }) => from),
      issues.map(({ licenseVersion }) => licenseVersion), to, runId, at,
    ],
  ); // prettier-ignore
  await executeSql(tx, 'UPDATE ledger_account SET stated_through = $2 WHERE id = ANY($1::uuid[])', [
    issues.map(({ accountId }) => accountId),
    to,
  ]);
}

export async function insertSkipped(
  tx: Tx,
  skipped: readonly { readonly accountId: string; readonly reason: string; readonly licenseVersion: number | null }[],
  common: { readonly runId: string; readonly at: Date },
): Promise<void> {
  if (skipped.length === 0) return;
  await executeSql(
    tx,
    `INSERT INTO skipped_statement (run_id, account_id, reason, license_version, skipped_at)
     SELECT $4::uuid, s.account, s.reason, s.version, $5 FROM unnest($1::uuid[], $2::text[], $3::int[]) AS s (account, reason, version)`,
    [
      skipped.map(({ accountId }) => accountId), skipped.map(({ reason }) => reason),
      skipped.map(({ licenseVersion }) => licenseVersion), common.runId, common.at,
    ],
  ); // prettier-ignore
}

const STATEMENT = `SELECT s.id::text AS id, s.account_id::text AS "accountId", s.period_from AS "from", s.period_to AS "to", s.currency,
  s.opening_minor::text AS opening, s.closing_minor::text AS closing, s.entries, s.issued_at AS "issuedAt",
  sm.state AS "mailState", sm.attempts AS "mailAttempts", sm.last_error AS "mailError", sm.sent_at AS "mailSentAt"
  FROM statement s LEFT JOIN statement_mail sm ON sm.statement_id = s.id`;

export async function findStatement(tx: Tx, id: string): Promise<Statement | null> {
  return (await querySql<Row>(tx, `${STATEMENT} WHERE s.id = $1::uuid`, [id])).map(toStatement)[0] ?? null;
}

/** Of a member, on any of its accounts. */
export async function findStatementOf(tx: Tx, id: string, memberId: string): Promise<Statement | null> {
  const sql = `${STATEMENT} JOIN ledger_account a ON a.id = s.account_id WHERE s.id = $1::uuid AND a.member_id = $2::uuid`;
  return (await querySql<Row>(tx, sql, [id, memberId])).map(toStatement)[0] ?? null;
}

/** The newest first, before the given period: of an account, or of all accounts of a member. */
export async function listStatements(
  tx: Tx,
  of: { readonly accountId: string } | { readonly memberId: string },
  query: { readonly after: { readonly to: Date; readonly id: string } | null; readonly take: number },
): Promise<readonly Statement[]> {
  const [column, value] = 'accountId' in of ? ['s.account_id', of.accountId] : ['a.member_id', of.memberId];
  const { after, take } = query;
  const sql = `${STATEMENT} JOIN ledger_account a ON a.id = s.account_id WHERE ${column} = $1::uuid
    AND ($2::timestamptz IS NULL OR (s.period_to, s.id) < ($2, $3::uuid)) ORDER BY s.period_to DESC, s.id DESC LIMIT $4`;
  return (await querySql<Row>(tx, sql, [value, after?.to ?? null, after?.id ?? null, take])).map(toStatement);
}

interface Row extends Omit<Statement, 'opening' | 'closing' | 'sending'> {
  readonly mailState: SendingState | null;
  readonly mailAttempts: number | null;
  readonly mailError: string | null;
  readonly mailSentAt: Date | null;
  readonly currency: string;
  readonly opening: string;
  readonly closing: string;
}

function toStatement(found: Row): Statement {
  const { currency, opening, closing, mailState, mailAttempts, mailError, mailSentAt, ...row } = found;
  const code = orThrow(parseCurrency(currency));
  const balances = { opening: money(BigInt(opening), code), closing: money(BigInt(closing), code) };
  const sending =
    mailState === null
      ? null
      : { state: mailState, attempts: mailAttempts ?? 0, lastError: mailError, sentAt: mailSentAt };
  return { ...row, ...balances, sending };
}
