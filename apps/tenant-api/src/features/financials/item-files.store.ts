import { money, orThrow, parseCurrency, parseDecimal, decimalToString } from '@biplane/kernel';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { KnownItem } from './item-import-plan.js';
import type { AccountItem } from './items.store.js';

const KNOWN_ITEM = `SELECT i.id::text AS id, i.account_id::text AS "accountId", i.currency, i.product_code AS "productCode", i.description,
  i.price_minor::text AS price, i.quantity::text AS quantity, i.interval_months AS months, to_char(i.anchor, 'YYYY-MM-DD') AS anchor,
  i.time_zone AS "timeZone", i.starts_at AS "startsAt", i.ends_at AS "endsAt", i.next_due_at AS "nextDueAt",
  i.external_id AS "externalId", i.created_at AS "createdAt", m.email AS "memberEmail"
  FROM account_item i JOIN ledger_account a ON a.id = i.account_id JOIN member m ON m.id = a.member_id`;

type Row = Omit<KnownItem, 'price' | 'quantity'> & {
  readonly price: string;
  readonly currency: string;
  readonly quantity: string;
};

/** By id, after the given one; those of erased members, whom nothing names any more, are not among them. */
export async function listKnownItems(tx: Tx, after: string | null, take: number): Promise<readonly KnownItem[]> {
  const sql = `${KNOWN_ITEM} WHERE m.email IS NOT NULL AND ($1::uuid IS NULL OR i.id > $1::uuid) ORDER BY i.id LIMIT $2`;
  return (await querySql<Row>(tx, sql, [after, take])).map(toItem);
}

/** Those that one of the references names: an external id, or the id of an item that has none. */
export async function findKnownItems(tx: Tx, references: readonly string[]): Promise<readonly KnownItem[]> {
  const ids = references.filter((reference) => UUID.test(reference));
  const sql = `${KNOWN_ITEM} WHERE i.external_id = ANY($1::text[]) OR (i.external_id IS NULL AND i.id = ANY($2::uuid[]))`;
  return (await querySql<Row>(tx, sql, [references, ids])).map(toItem);
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Ids by address; nobody of them is erased until the transaction ends. */
export async function membersByEmail(tx: Tx, emails: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const sql = 'SELECT id::text AS id, email FROM member WHERE email = ANY($1::text[]) ORDER BY member.id FOR SHARE';
  const rows = await querySql<{ id: string; email: string }>(tx, sql, [[...new Set(emails)]]);
  return new Map(rows.map(({ id, email }) => [email, id]));
}

/** Accounts by member and currency, those that are missing opened: `newIds` are as many as there are pairs. */
export async function accountsFor(
  tx: Tx,
  pairs: readonly { readonly memberId: string; readonly currency: string; readonly newId: string }[],
  at: Date,
): Promise<ReadonlyMap<string, string>> {
  const [members, currencies] = [pairs.map(({ memberId }) => memberId), pairs.map(({ currency }) => currency)];
  await executeSql(
    tx,
    `INSERT INTO ledger_account (id, kind, member_id, currency, created_at, booked_through)
     SELECT p.id, 'receivable', p.member_id, p.currency, $4, $4
       FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS p (id, member_id, currency) ON CONFLICT DO NOTHING`,
    [pairs.map(({ newId }) => newId), members, currencies, at],
  );
  const rows = await querySql<{ id: string; memberId: string; currency: string }>(
    tx,
    `SELECT a.id::text AS id, a.member_id::text AS "memberId", a.currency FROM ledger_account a
       JOIN (SELECT DISTINCT * FROM unnest($1::uuid[], $2::text[]) AS u (member_id, currency)) p
         ON p.member_id = a.member_id AND p.currency = a.currency`,
    [members, currencies],
  );
  return new Map(rows.map(({ id, memberId, currency }) => [`${memberId} ${currency}`, id]));
}

/** In one statement. Fewer than were given when another has an external id. */
export async function insertItems(tx: Tx, items: readonly AccountItem[]): Promise<number> {
  if (items.length === 0) return 0;
  return executeSql(
    tx,
    `INSERT INTO account_item (id, account_id, currency, product_code, description, price_minor, quantity, interval_months,
       anchor, time_zone, starts_at, ends_at, next_due_at, external_id, created_at)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::numeric[], $8::int[],
       $9::date[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::text[], $15::timestamptz[])
     ON CONFLICT DO NOTHING`,
    [
      items.map(({ id }) => id), items.map(({ accountId }) => accountId), items.map(({ price }) => price.currency),
      items.map(({ productCode }) => productCode), items.map(({ description }) => description),
      items.map(({ price }) => price.minor), items.map(({ quantity }) => decimalToString(quantity)),
      items.map(({ months }) => months), items.map(({ anchor }) => anchor), items.map(({ timeZone }) => timeZone),
      items.map(({ startsAt }) => startsAt), items.map(({ endsAt }) => endsAt), items.map(({ nextDueAt }) => nextDueAt),
      items.map(({ externalId }) => externalId), items.map(({ createdAt }) => createdAt),
    ],
  ); // prettier-ignore
}

function toItem({ price, currency, quantity, ...row }: Row): KnownItem {
  return {
    ...row,
    price: money(BigInt(price), orThrow(parseCurrency(currency))),
    quantity: orThrow(parseDecimal(quantity)),
  };
}
