import pg from 'pg';

const CONNECT_MS = 5_000;
/** For a lock of the tenant's tables: a migration that waits makes everybody wait who comes after it. */
const LOCK_MS = 2_000;
const STATEMENT_MS = 600_000;
/** By this name a migrator that was killed is found and ended. */
export const APPLICATION_NAME = 'biplane-fleet';

export interface MigrationSession {
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    sql: string,
    params?: unknown[],
  ): Promise<pg.QueryResult<Row>>;
}

/** One connection of its own, as the owner. When `aborted` fires it is cut, and what was not committed is rolled back. */
export async function withMigrationSession<T>(
  url: string,
  aborted: AbortSignal,
  work: (session: MigrationSession) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: STATEMENT_MS,
    application_name: APPLICATION_NAME,
    keepAlive: true,
  });
  // Without a listener a server that goes away would end the process; the statement in flight fails anyway.
  client.on('error', () => undefined);
  const cut = (): void => void client.end().catch(() => undefined);
  await client.connect();
  aborted.addEventListener('abort', cut);
  try {
    if (aborted.aborted) throw new Error('The service shuts down');
    return await work(client);
  } finally {
    aborted.removeEventListener('abort', cut);
    await client.end().catch(() => undefined);
  }
}
