import pg from 'pg';

/**
 * Holds the account of the item that is due in that place of the order, in a tenant's database; whoever comes to it waits. Returns how to
 * let go.
 */
export async function holdAccount(url: string, place: number, now: Date): Promise<() => Promise<void>> {
  const session = new pg.Client({ connectionString: url });
  // A suite that fails before it lets go drops the database under it.
  session.on('error', () => undefined);
  await session.connect();
  await session.query('BEGIN');
  const { rowCount } = await session.query(
    `SELECT id FROM ledger_account WHERE id = (SELECT account_id FROM account_item WHERE next_due_at <= $1
      ORDER BY next_due_at, id OFFSET $2 LIMIT 1) FOR UPDATE`,
    [now, place],
  );
  if (rowCount !== 1) throw new Error(`No item is due in place ${place}`);
  return async () => {
    await session.query('ROLLBACK');
    await session.end();
  };
}
