import { money, orThrow, parseCurrency } from '@biplane/kernel';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { MovedEntry, Stated } from './domain/statement-content.js';

/** A statement with its entries, and for whom it is now: null of a member that was erased. */
export interface Sealable extends Stated {
  readonly entries: readonly MovedEntry[];
  readonly addressee: string | null;
  readonly hasAddress: boolean;
}

interface StatedRow extends Omit<Sealable, 'opening' | 'closing' | 'entries'> {
  readonly currency: string;
  readonly opening: string;
  readonly closing: string;
}

/** As the journal tells them. */
export async function findSealable(tx: Tx, ids: readonly string[]): Promise<readonly Sealable[]> {
  const rows = await querySql<StatedRow>(
    tx,
    `SELECT s.id::text AS id, s.account_id::text AS "accountId", s.period_from AS "from", s.period_to AS "to", s.currency,
            s.opening_minor::text AS opening, s.closing_minor::text AS closing, s.issued_at AS "issuedAt",
            coalesce(m.name, m.email) AS addressee, m.email IS NOT NULL AS "hasAddress"
       FROM statement s JOIN ledger_account a ON a.id = s.account_id JOIN member m ON m.id = a.member_id
      WHERE s.id = ANY($1::uuid[]) ORDER BY s.id`,
    [ids],
  );
  const moved = await querySql<Omit<MovedEntry, 'amountMinor'> & { statementId: string; amount: string }>(
    tx,
    `SELECT s.id::text AS "statementId", e.id::text AS id, e.kind, e.booked_at AS "bookedAt", e.description, e.reference,
            p.amount_minor::text AS amount
       FROM statement s
       JOIN journal_entry e ON e.account_id = s.account_id AND e.booked_at >= s.period_from AND e.booked_at < s.period_to
       JOIN posting p ON p.entry_id = e.id AND p.account_id = e.account_id
      WHERE s.id = ANY($1::uuid[]) ORDER BY e.number`,
    [ids],
  );
  const entries = new Map<string, MovedEntry[]>(rows.map(({ id }) => [id, []]));
  for (const { statementId, amount, ...entry } of moved) {
    entries.get(statementId)!.push({ ...entry, amountMinor: BigInt(amount) });
  }
  return rows.map(({ currency, opening, closing, ...row }) => {
    const code = orThrow(parseCurrency(currency));
    const balances = { opening: money(BigInt(opening), code), closing: money(BigInt(closing), code) };
    return { ...row, ...balances, entries: entries.get(row.id)! };
  });
}

export interface NewPaper {
  readonly id: string;
  readonly content: string;
  readonly contentHash: string;
  readonly addressee: string | null;
}

export async function insertPapers(
  tx: Tx,
  papers: readonly NewPaper[],
  letterheadVersion: number | null,
): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO statement_paper (statement_id, content, content_hash, letterhead_version, addressee)
     SELECT p.id, p.content, p.hash, $5::int, p.addressee
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS p (id, content, hash, addressee)`,
    [
      papers.map(({ id }) => id), papers.map(({ content }) => content), papers.map(({ contentHash }) => contentHash),
      papers.map(({ addressee }) => addressee), letterheadVersion,
    ],
  ); // prettier-ignore
}

/** What a statement's paper is drawn from. */
export interface StatementPaper {
  readonly content: string;
  readonly contentHash: string;
  readonly letterheadVersion: number | null;
  readonly addressee: string | null;
}

/** Null of a statement that was made by a release that sealed none. */
export async function findPaper(tx: Tx, id: string): Promise<StatementPaper | null> {
  const sql = `SELECT content, content_hash AS "contentHash", letterhead_version AS "letterheadVersion", addressee
    FROM statement_paper WHERE statement_id = $1::uuid`;
  return (await querySql<StatementPaper>(tx, sql, [id]))[0] ?? null;
}

/** Whose statement it is, and where that member is written to now: null without an address, as of one that was erased. */
export async function findRecipient(
  tx: Tx,
  id: string,
): Promise<{ readonly memberId: string; readonly email: string | null }> {
  const sql = `SELECT m.id::text AS "memberId", m.email FROM statement s JOIN ledger_account a ON a.id = s.account_id
    JOIN member m ON m.id = a.member_id WHERE s.id = $1::uuid`;
  return (await querySql<{ memberId: string; email: string | null }>(tx, sql, [id]))[0]!;
}

/** For whom its statements were. */
export async function forgetAddressee(tx: Tx, memberId: string): Promise<void> {
  await executeSql(
    tx,
    `UPDATE statement_paper p SET addressee = NULL FROM statement s JOIN ledger_account a ON a.id = s.account_id
      WHERE p.statement_id = s.id AND a.member_id = $1::uuid AND p.addressee IS NOT NULL`,
    [memberId],
  );
}
