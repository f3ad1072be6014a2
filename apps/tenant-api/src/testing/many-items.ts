import { dayOf, startOfDay } from '@biplane/billing-calendar';

export const ITEM_ZONE = 'Europe/Zurich';
const PRICE_MINOR = 3100;

export interface ManyItems {
  readonly members: number;
  /** Each on the one account of its member. */
  readonly itemsEach?: number;
  /** Local days; the anchor is the start. */
  readonly startsOn: string;
  readonly endsOn?: string;
  readonly months?: number;
  readonly currency?: string;
}

/** Members with an account and items of 31.00 a month each, in a few statements however many they are. */
export async function insertManyItems(
  query: (sql: string, values: unknown[]) => Promise<unknown>,
  { members, itemsEach = 1, startsOn, endsOn, months = 1, currency = 'CHF' }: ManyItems,
): Promise<void> {
  const startsAt = startOfDay(startsOn, ITEM_ZONE);
  const endsAt = endsOn === undefined ? null : startOfDay(endsOn, ITEM_ZONE);
  await query(`INSERT INTO product VALUES ('locker', 'Locker', $1) ON CONFLICT DO NOTHING`, [startsAt]);
  await query(
    `WITH made AS (
       INSERT INTO member (id, role, state, created_at)
       SELECT gen_random_uuid(), 'member', 'active', $1::timestamptz FROM generate_series(1, $2::int) RETURNING id
     ), opened AS (
       INSERT INTO ledger_account (id, kind, member_id, currency, created_at, booked_through)
       SELECT gen_random_uuid(), 'receivable', id, $9, $1::timestamptz, $1::timestamptz FROM made RETURNING id
     )
     INSERT INTO account_item (id, account_id, currency, product_code, description, price_minor, quantity, interval_months, anchor,
                               time_zone, starts_at, ends_at, next_due_at, external_id, created_at)
     SELECT gen_random_uuid(), opened.id, $9, 'locker', 'Locker', $3::bigint, 1, $4::int, $5::date, $6, $1::timestamptz,
            $7::timestamptz, $1::timestamptz, NULL, $1::timestamptz
       FROM opened, generate_series(1, $8::int)`,
    [startsAt, members, PRICE_MINOR, months, startsOn, ITEM_ZONE, endsAt, itemsEach, currency],
  );
}

/** The first local day of the month in which the instant is, so many months before. */
export function firstOfMonth(at: Date, monthsBefore = 0): string {
  const [year, month] = dayOf(at, ITEM_ZONE).split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, month - 1 - monthsBefore, 1)).toISOString().slice(0, 10);
}
