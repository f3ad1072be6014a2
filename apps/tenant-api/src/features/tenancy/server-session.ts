import pg from 'pg';

export interface Session {
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    sql: string,
    params?: unknown[],
  ): Promise<pg.QueryResult<Row>>;
}

const CONNECT_MS = 5_000;
/** CREATE DATABASE waits for a checkpoint's worth of disk on a busy server. */
const STATEMENT_MS = 120_000;

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** The same server, another database and another login. `role` is taken on at once: what is created then belongs to that group. */
export function urlFor(base: string, database: string, login?: Login, role?: string): string {
  const url = new URL(base);
  url.pathname = `/${database}`;
  if (login) {
    url.username = login.user;
    url.password = encodeURIComponent(login.password);
  }
  if (role !== undefined) url.searchParams.set('options', `-c role=${role}`);
  return url.toString();
}

export interface OpenSession extends Session {
  end(): Promise<void>;
}

/** One connection of its own, until it is ended. */
export async function openSession(url: string): Promise<OpenSession> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    application_name: 'biplane-tenancy',
    keepAlive: true,
  });
  // Without a listener a server that goes away would end the process; the statement in flight fails anyway.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** One connection of its own for the time of `work`: session locks and statements outside transactions need that. */
export async function withSession<T>(url: string, work: (session: Session) => Promise<T>): Promise<T> {
  const client = await openSession(url);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const LOCK_POLL_MS = 100;

/**
 * Holds a session lock of the server while `work` runs; null when another session held it all the time. The lock outlives a client that
 * was killed for as long as its statement goes on: a CREATE DATABASE whose caller is dead still counts as running.
 */
export async function withLock<T>(
  session: Session,
  name: string,
  waitMs: number,
  work: () => Promise<T>,
): Promise<{ readonly value: T } | null> {
  const until = performance.now() + waitMs;
  for (;;) {
    const { rows } = await session.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
      [name],
    );
    if (rows[0]?.locked) break;
    if (performance.now() >= until) return null;
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
  try {
    return { value: await work() };
  } finally {
    await session.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch(() => undefined);
  }
}

const RETRIES_MAX = 8;
const RETRY_FIRST_MS = 50;
/** The template is in use; two sessions changed one catalogue row; two created one name at once. */
const PASSING = new Set(['55006', 'XX000', '40001', '40P01']);

/** For statements on the server's shared catalogue, which collide without harm when several tenants are created at once. */
export async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= RETRIES_MAX || !PASSING.has(codeOf(error))) throw error;
      const ceilingMs = Math.min(2_000, RETRY_FIRST_MS * 2 ** attempt);
      await new Promise((resolve) => setTimeout(resolve, ceilingMs * (0.5 + Math.random() / 2)));
    }
  }
}

/** SQLSTATE, or the empty text. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
