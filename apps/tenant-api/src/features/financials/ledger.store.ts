import { parseCurrency, orThrow, money, type Currency, type Money } from '@biplane/kernel';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { Counterpart, EntryKind } from './domain/entry.js';

/** A member's account in one currency. */
export interface Account {
  readonly id: string;
  readonly memberId: string;
  readonly currency: Currency;
  readonly createdAt: Date;
  readonly bookedThrough: Date;
  readonly statedThrough: Date | null;
}

export interface NewEntry {
  readonly id: string;
  readonly kind: EntryKind;
  readonly accountId: string;
  readonly bookedAt: Date;
  readonly valueAt: Date | null;
  readonly description: string;
  readonly reference: string | null;
  readonly actor: string;
  readonly licenseVersion: number | null;
  /** What the member's account gets; its counterpart gets the same with the other sign. */
  readonly member: Money;
  readonly counterpartId: string;
}

const ACCOUNT = `SELECT id::text AS id, member_id::text AS "memberId", currency, created_at AS "createdAt",
  booked_through AS "bookedThrough", stated_through AS "statedThrough" FROM ledger_account`;

/** False when there is one already, or no such member. */
export async function insertAccount(
  tx: Tx,
  account: { readonly id: string; readonly memberId: string; readonly currency: string; readonly at: Date },
): Promise<boolean> {
  const { id, memberId, currency, at } = account;
  const inserted = await executeSql(
    tx,
    `INSERT INTO ledger_account (id, kind, member_id, currency, created_at, booked_through)
     SELECT $1::uuid, 'receivable', m.id, $3, $4, $4 FROM member m WHERE m.id = $2::uuid AND m.state <> 'erased' FOR KEY SHARE
     ON CONFLICT DO NOTHING`,
    [id, memberId, currency, at],
  );
  return inserted === 1;
}

export async function findAccount(tx: Tx, id: string): Promise<Account | null> {
  return oneAccount(await querySql(tx, `${ACCOUNT} WHERE id = $1::uuid AND member_id IS NOT NULL`, [id]));
}

export async function findAccountOf(tx: Tx, memberId: string, currency: string): Promise<Account | null> {
  return oneAccount(
    await querySql(tx, `${ACCOUNT} WHERE member_id = $1::uuid AND currency = $2`, [memberId, currency]),
  );
}

/** Locks them in the order of their ids: whoever books into several accounts does so in one order. */
export async function lockAccounts(tx: Tx, ids: readonly string[]): Promise<Map<string, Account>> {
  const rows = await querySql<AccountRow>(
    tx,
    `${ACCOUNT} WHERE id = ANY($1::uuid[]) AND member_id IS NOT NULL ORDER BY ledger_account.id FOR NO KEY UPDATE`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, toAccount(row)]));
}

/** The tenant's own account of that kind and currency: made when it is first needed. */
export async function ownAccount(
  tx: Tx,
  wanted: { readonly newId: string; readonly kind: Counterpart; readonly currency: string; readonly at: Date },
): Promise<string> {
  const { newId, kind, currency, at } = wanted;
  const find = 'SELECT id::text AS id FROM ledger_account WHERE kind = $1 AND currency = $2 AND member_id IS NULL';
  const [known] = await querySql<{ id: string }>(tx, find, [kind, currency]);
  if (known) return known.id;
  await executeSql(
    tx,
    `INSERT INTO ledger_account (id, kind, currency, created_at, booked_through) VALUES ($1::uuid, $2, $3, $4, $4)
     ON CONFLICT DO NOTHING`,
    [newId, kind, currency, at],
  );
  const [made] = await querySql<{ id: string }>(tx, find, [kind, currency]);
  return made!.id;
}

/** Entries with both their postings, in two statements however many they are; the accounts are locked by the caller. */
export async function insertEntries(tx: Tx, entries: readonly NewEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await executeSql(
    tx,
    `INSERT INTO journal_entry (id, kind, account_id, booked_at, value_at, description, reference, actor, license_version)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[],
                          $8::text[], $9::int[])`,
    [
      entries.map(({ id }) => id), entries.map(({ kind }) => kind), entries.map(({ accountId }) => accountId),
      entries.map(({ bookedAt }) => bookedAt), entries.map(({ valueAt }) => valueAt),
      entries.map(({ description }) => description), entries.map(({ reference }) => reference),
      entries.map(({ actor }) => actor), entries.map(({ licenseVersion }) => licenseVersion),
    ],
  ); // prettier-ignore
  await executeSql(
    tx,
    `INSERT INTO posting (entry_id, position, account_id, currency, amount_minor)
     SELECT e.id, side.position, CASE side.position WHEN 0 THEN e.account ELSE e.counterpart END, e.currency,
            CASE side.position WHEN 0 THEN e.amount ELSE -e.amount END
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[])
              AS e (id, account, counterpart, currency, amount), (VALUES (0), (1)) AS side (position)`,
    [
      entries.map(({ id }) => id), entries.map(({ accountId }) => accountId),
      entries.map(({ counterpartId }) => counterpartId), entries.map(({ member }) => member.currency),
      entries.map(({ member }) => member.minor),
    ],
  ); // prettier-ignore
  await executeSql(
    tx,
    `UPDATE ledger_account a SET booked_through = b.at
       FROM (SELECT account, max(at) AS at FROM unnest($1::uuid[], $2::timestamptz[]) AS e (account, at) GROUP BY account) b
      WHERE a.id = b.account AND a.booked_through < b.at`,
    [entries.map(({ accountId }) => accountId), entries.map(({ bookedAt }) => bookedAt)],
  );
}

/** What the member owes before the instant, exclusively: what was booked until then and nothing after. */
export async function balanceBefore(tx: Tx, account: Account, before: Date): Promise<Money> {
  const [row] = await querySql<{ minor: bigint | string }>(
    tx,
    `SELECT coalesce(sum(p.amount_minor), 0)::text AS minor FROM posting p JOIN journal_entry e ON e.id = p.entry_id
      WHERE p.account_id = $1::uuid AND e.booked_at < $2`,
    [account.id, before],
  );
  return money(BigInt(row!.minor), account.currency);
}

/** What was paid on each of the accounts and not paid back; who decides by it holds them. */
export async function paidOn(tx: Tx, ids: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await querySql<{ id: string; minor: string }>(
    tx,
    `SELECT e.account_id::text AS id, (-sum(p.amount_minor))::text AS minor FROM journal_entry e
       JOIN posting p ON p.entry_id = e.id AND p.account_id = e.account_id
      WHERE e.account_id = ANY($1::uuid[]) AND e.kind IN ('payment', 'refund') GROUP BY 1`,
    [ids],
  );
  return new Map(rows.map(({ id, minor }) => [id, BigInt(minor)]));
}

/** By id, after the given one; with what each owes now. */
export async function listAccounts(
  tx: Tx,
  query: { readonly after: string | null; readonly take: number; readonly memberId?: string | undefined },
): Promise<readonly (Account & { readonly balance: Money })[]> {
  const { after, take, memberId } = query;
  const rows = await querySql<AccountRow & { minor: string }>(
    tx,
    `SELECT a.*, coalesce((SELECT sum(p.amount_minor) FROM posting p WHERE p.account_id = a.id::uuid), 0)::text AS minor
       FROM (${ACCOUNT} WHERE member_id IS NOT NULL AND ($1::uuid IS NULL OR id > $1::uuid)
               AND ($2::uuid IS NULL OR member_id = $2::uuid) ORDER BY ledger_account.id LIMIT $3) a`,
    [after, memberId ?? null, take],
  );
  return rows.map(({ minor, ...row }) => {
    const account = toAccount(row);
    return { ...account, balance: money(BigInt(minor), account.currency) };
  });
}

/** An entry as it moved a member's account. */
export interface AccountEntry {
  readonly id: string;
  readonly number: string;
  readonly kind: EntryKind;
  readonly bookedAt: Date;
  readonly valueAt: Date | null;
  readonly description: string;
  readonly reference: string | null;
  readonly amountMinor: bigint;
  readonly licenseVersion: number | null;
}

/** Of one account in the order in which they were booked, after the given number; within `[from, to)` when those are given. */
export async function listEntries(
  tx: Tx,
  accountId: string,
  query: { readonly after: string | null; readonly take: number | null; readonly from?: Date; readonly to?: Date },
): Promise<readonly AccountEntry[]> {
  const { after, take, from, to } = query;
  const rows = await querySql<Omit<AccountEntry, 'amountMinor'> & { amount: string }>(
    tx,
    `SELECT e.id::text AS id, e.number::text AS number, e.kind, e.booked_at AS "bookedAt", e.value_at AS "valueAt", e.description,
            e.reference, p.amount_minor::text AS amount, e.license_version AS "licenseVersion"
       FROM journal_entry e JOIN posting p ON p.entry_id = e.id AND p.account_id = e.account_id
      WHERE e.account_id = $1::uuid AND ($2::bigint IS NULL OR e.number > $2::bigint)
        AND ($4::timestamptz IS NULL OR e.booked_at >= $4) AND ($5::timestamptz IS NULL OR e.booked_at < $5)
      ORDER BY e.number LIMIT $3`,
    [accountId, after, take, from ?? null, to ?? null],
  );
  return rows.map(({ amount, ...row }) => ({ ...row, amountMinor: BigInt(amount) }));
}

interface AccountRow {
  readonly id: string;
  readonly memberId: string;
  readonly currency: string;
  readonly createdAt: Date;
  readonly bookedThrough: Date;
  readonly statedThrough: Date | null;
}

const toAccount = (row: AccountRow): Account => ({ ...row, currency: orThrow(parseCurrency(row.currency)) });
const oneAccount = (rows: unknown[]): Account | null => (rows[0] ? toAccount(rows[0] as AccountRow) : null);
