/** Entries and postings of everything that is due, as `FinancialService` writes them: at an instant, by an actor, with a text. */
const BOOKED = `
  WITH due AS MATERIALIZED (
    SELECT i.id, i.account_id, i.currency, i.price_minor, i.next_due_at AS begins, i.next_due_at + interval '1 month' AS ends,
           gen_random_uuid() AS entry, r.id AS revenue
      FROM account_item i JOIN ledger_account r ON r.kind = 'revenue' AND r.currency = i.currency
     WHERE i.next_due_at <= $1::timestamptz
  ), entries AS (
    INSERT INTO journal_entry (id, kind, account_id, booked_at, description, actor, license_version)
    SELECT entry, 'charge', account_id, $1::timestamptz, $3, $2, 1 FROM due
  ), postings AS (
    INSERT INTO posting (entry_id, position, account_id, currency, amount_minor)
    SELECT entry, side.position, CASE side.position WHEN 0 THEN account_id ELSE revenue END, currency,
           CASE side.position WHEN 0 THEN price_minor ELSE -price_minor END FROM due, (VALUES (0), (1)) AS side (position)
  )`;

/** The same postings in one statement, and nothing else: what no ledger can do without. */
export const POSTINGS_ALONE = `${BOOKED}, booked AS (
    UPDATE ledger_account a SET booked_through = $1::timestamptz FROM due WHERE a.id = due.account_id
  ) SELECT 1`;

/** All that a run stores, in one statement. */
export const ONE_STATEMENT = `${BOOKED}, booked AS (
    UPDATE ledger_account a SET booked_through = $1::timestamptz FROM due WHERE a.id = due.account_id
  ), periods AS (
    INSERT INTO item_period (id, item_id, period_from, period_to, state, amount_minor, entry_id, license_version, recorded_at)
    SELECT gen_random_uuid(), id, begins, ends, 'charged', price_minor, entry, 1, $1::timestamptz FROM due
  ), moved AS (
    UPDATE account_item i SET next_due_at = due.ends FROM due WHERE i.id = due.id
  ) SELECT 1`;
