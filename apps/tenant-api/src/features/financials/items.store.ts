import { decimalToString, money, orThrow, parseCurrency, parseDecimal, type Currency } from '@biplane/kernel';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { ItemTerms } from './domain/item-periods.js';

export interface AccountItem extends ItemTerms {
  readonly id: string;
  readonly accountId: string;
  readonly productCode: string;
  readonly description: string;
  /** The beginning of its first undecided period; null when there is none any more. */
  readonly nextDueAt: Date | null;
  readonly externalId: string | null;
  readonly createdAt: Date;
}

export type PeriodState = 'charged' | 'skipped' | 'forgiven';

/** What was decided of one period of an item. */
export interface DecidedPeriod {
  readonly id: string;
  readonly itemId: string;
  readonly from: Date;
  readonly to: Date;
  readonly state: PeriodState;
  readonly amountMinor: bigint;
  readonly entryId: string | null;
  readonly runId: string | null;
  readonly reason: string | null;
  readonly licenseVersion: number | null;
  readonly recordedAt: Date;
}

const ITEM = `SELECT id::text AS id, account_id::text AS "accountId", currency, product_code AS "productCode", description,
  price_minor::text AS price, quantity::text AS quantity, interval_months AS months, to_char(anchor, 'YYYY-MM-DD') AS anchor,
  time_zone AS "timeZone", starts_at AS "startsAt", ends_at AS "endsAt", next_due_at AS "nextDueAt",
  external_id AS "externalId", created_at AS "createdAt" FROM account_item`;

/** False when another item has its external id. */
export async function insertItem(tx: Tx, item: AccountItem): Promise<boolean> {
  const inserted = await executeSql(
    tx,
    `INSERT INTO account_item (id, account_id, currency, product_code, description, price_minor, quantity, interval_months,
       anchor, time_zone, starts_at, ends_at, next_due_at, external_id, created_at)
     VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6::bigint, $7::numeric, $8::int, $9::date, $10, $11, $12, $13, $14, $15)
     ON CONFLICT (external_id) WHERE external_id IS NOT NULL DO NOTHING`,
    [
      item.id, item.accountId, item.price.currency, item.productCode, item.description, item.price.minor,
      decimalToString(item.quantity), item.months, item.anchor, item.timeZone, item.startsAt, item.endsAt, item.nextDueAt,
      item.externalId, item.createdAt,
    ],
  ); // prettier-ignore
  return inserted === 1;
}

export async function findItem(tx: Tx, id: string): Promise<AccountItem | null> {
  const [row] = await querySql<ItemRow>(tx, `${ITEM} WHERE id = $1::uuid`, [id]);
  return row ? toItem(row) : null;
}

export async function lockItem(tx: Tx, id: string): Promise<AccountItem | null> {
  const [row] = await querySql<ItemRow>(tx, `${ITEM} WHERE id = $1::uuid FOR NO KEY UPDATE`, [id]);
  return row ? toItem(row) : null;
}

/** False when the member was erased; otherwise it is not until the transaction ends. */
export async function holdMember(tx: Tx, memberId: string): Promise<boolean> {
  const sql = `SELECT 1 FROM member WHERE id = $1::uuid AND state <> 'erased' FOR KEY SHARE`;
  return (await querySql(tx, sql, [memberId])).length > 0;
}

/** Those of a member that have something undecided before them, on all its accounts. */
export async function lockItemsOf(tx: Tx, memberId: string): Promise<readonly AccountItem[]> {
  const sql = `${ITEM} WHERE next_due_at IS NOT NULL AND account_id IN (SELECT a.id FROM ledger_account a WHERE a.member_id = $1::uuid)
    ORDER BY account_item.id FOR NO KEY UPDATE`;
  return (await querySql<ItemRow>(tx, sql, [memberId])).map(toItem);
}

/** By id, after the given one. */
export async function listItems(
  tx: Tx,
  query: { readonly after: string | null; readonly take: number; readonly accountId?: string | undefined },
): Promise<readonly AccountItem[]> {
  const sql = `${ITEM} WHERE ($1::uuid IS NULL OR id > $1::uuid) AND ($2::uuid IS NULL OR account_id = $2::uuid) ORDER BY account_item.id LIMIT $3`;
  return (await querySql<ItemRow>(tx, sql, [query.after, query.accountId ?? null, query.take])).map(toItem);
}

/** Those of a member that run at the instant, on all its accounts; the first to start first. */
export async function activeItems(tx: Tx, memberId: string, at: Date): Promise<readonly AccountItem[]> {
  const sql = `${ITEM} WHERE account_id IN (SELECT a.id FROM ledger_account a WHERE a.member_id = $1::uuid)
    AND starts_at <= $2 AND (ends_at IS NULL OR ends_at > $2) ORDER BY starts_at, account_item.id`;
  return (await querySql<ItemRow>(tx, sql, [memberId, at])).map(toItem);
}

/** Items with a period that began by then and is not decided; each is taken by one worker at a time. */
export async function lockDueItems(tx: Tx, now: Date, take: number): Promise<readonly AccountItem[]> {
  const sql = `${ITEM} WHERE next_due_at <= $1 ORDER BY next_due_at, account_item.id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED`;
  return (await querySql<ItemRow>(tx, sql, [now, take])).map(toItem);
}

/** Whether a period that began by then is not decided; one that another worker holds is not. */
export async function hasDueItems(tx: Tx, now: Date): Promise<boolean> {
  return (await querySql(tx, 'SELECT 1 FROM account_item WHERE next_due_at <= $1 LIMIT 1', [now])).length > 0;
}

/** The end of an item, and its next undecided period with it. */
export interface ItemEnd {
  readonly id: string;
  readonly endsAt: Date | null;
  readonly nextDueAt: Date | null;
}

export async function saveEnds(tx: Tx, ends: readonly ItemEnd[]): Promise<void> {
  await executeSql(
    tx,
    `UPDATE account_item i SET ends_at = e.ends_at, next_due_at = e.due_at
       FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS e (id, ends_at, due_at) WHERE i.id = e.id`,
    [ends.map(({ id }) => id), ends.map(({ endsAt }) => endsAt), ends.map(({ nextDueAt }) => nextDueAt)],
  );
}

export async function saveNextDue(
  tx: Tx,
  items: readonly { readonly id: string; readonly nextDueAt: Date | null }[],
): Promise<void> {
  await executeSql(
    tx,
    `UPDATE account_item i SET next_due_at = n.at FROM unnest($1::uuid[], $2::timestamptz[]) AS n (id, at) WHERE i.id = n.id`,
    [items.map(({ id }) => id), items.map(({ nextDueAt }) => nextDueAt)],
  );
}

/** The key (item, beginning) decides: of two that decide the same period one fails, whatever else they hold. */
export async function insertPeriods(tx: Tx, periods: readonly DecidedPeriod[]): Promise<void> {
  if (periods.length === 0) return;
  await executeSql(
    tx,
    `INSERT INTO item_period (id, item_id, period_from, period_to, state, amount_minor, entry_id, run_id, reason,
                              license_version, recorded_at)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::bigint[], $7::uuid[],
                          $8::uuid[], $9::text[], $10::int[], $11::timestamptz[])`,
    [
      periods.map(({ id }) => id), periods.map(({ itemId }) => itemId), periods.map(({ from }) => from),
      periods.map(({ to }) => to), periods.map(({ state }) => state), periods.map(({ amountMinor }) => amountMinor),
      periods.map(({ entryId }) => entryId), periods.map(({ runId }) => runId), periods.map(({ reason }) => reason),
      periods.map(({ licenseVersion }) => licenseVersion), periods.map(({ recordedAt }) => recordedAt),
    ],
  ); // prettier-ignore
}

const PERIOD = `SELECT id::text AS id, item_id::text AS "itemId", period_from AS "from", period_to AS "to", state,
  amount_minor::text AS amount, entry_id::text AS "entryId", run_id::text AS "runId", reason,
  license_version AS "licenseVersion", recorded_at AS "recordedAt" FROM item_period`;

export async function lockPeriod(tx: Tx, id: string): Promise<DecidedPeriod | null> {
  const [row] = await querySql<PeriodRow>(tx, `${PERIOD} WHERE id = $1::uuid FOR NO KEY UPDATE`, [id]);
  return row ? toPeriod(row) : null;
}

export async function saveDecision(
  tx: Tx,
  period: {
    readonly id: string;
    readonly state: PeriodState;
    readonly entryId: string | null;
    readonly actor: string;
    readonly at: Date;
  },
): Promise<void> {
  const { id, state, entryId, actor, at } = period;
  await executeSql(
    tx,
    'UPDATE item_period SET state = $2, entry_id = $3::uuid, decided_by = $4, decided_at = $5 WHERE id = $1::uuid',
    [id, state, entryId, actor, at],
  );
}

/** Those that wait for a decision, in the order in which they were skipped. */
export async function skippedPeriods(
  tx: Tx,
  page: { readonly after: { readonly at: Date; readonly id: string } | null; readonly take: number },
): Promise<readonly (DecidedPeriod & { readonly currency: Currency })[]> {
  const { after, take } = page;
  const sql = `SELECT p.*, i.currency FROM (${PERIOD} WHERE state = 'skipped' AND ($1::timestamptz IS NULL OR (recorded_at, id) > ($1, $2::uuid))
    ORDER BY recorded_at, item_period.id LIMIT $3) p JOIN account_item i ON i.id = p."itemId"::uuid ORDER BY p."recordedAt", p.id`;
  const rows = await querySql<PeriodRow & { currency: string }>(tx, sql, [after?.at ?? null, after?.id ?? null, take]);
  return rows.map(({ currency, ...row }) => ({ ...toPeriod(row), currency: orThrow(parseCurrency(currency)) }));
}

/** The end of what is decided of items, and of what of that is owed or may yet be; of which nothing is decided, it has none. */
export async function decidedThrough(
  tx: Tx,
  itemIds: readonly string[],
): Promise<ReadonlyMap<string, { readonly decided: Date; readonly owed: Date | null }>> {
  const sql = `SELECT item_id::text AS id, max(period_to) AS decided, max(period_to) FILTER (WHERE state <> 'forgiven') AS owed
    FROM item_period WHERE item_id = ANY($1::uuid[]) GROUP BY item_id`;
  const rows = await querySql<{ id: string; decided: Date; owed: Date | null }>(tx, sql, [itemIds]);
  return new Map(rows.map(({ id, ...through }) => [id, through]));
}

interface ItemRow extends Omit<AccountItem, 'price' | 'quantity'> {
  readonly price: string;
  readonly currency: string;
  readonly quantity: string;
}
interface PeriodRow extends Omit<DecidedPeriod, 'amountMinor'> {
  readonly amount: string;
}

function toItem({ price, currency, quantity, ...row }: ItemRow): AccountItem {
  return {
    ...row,
    price: money(BigInt(price), orThrow(parseCurrency(currency))),
    quantity: orThrow(parseDecimal(quantity)),
  };
}

const toPeriod = ({ amount, ...row }: PeriodRow): DecidedPeriod => ({ ...row, amountMinor: BigInt(amount) });
