import { homeDatabaseName } from '@biplane/licensing';
import { orThrow, parseHomeId } from '@biplane/kernel';
import pg from 'pg';

type Row = Record<string, unknown>;

/** The databases of the stack as its super user: to look at what the services say, and to try their roles. */
export class Databases {
  readonly home: string;
  readonly core = 'biplane_core';

  constructor(
    private readonly superUserUrl: string,
    homeId: string,
  ) {
    this.home = homeDatabaseName(orThrow(parseHomeId(homeId)));
  }

  urlOf(database: string, login?: { user: string; password: string }): string {
    const url = new URL(this.superUserUrl);
    url.pathname = `/${database}`;
    if (login) Object.assign(url, { username: login.user, password: login.password });
    return url.href;
  }

  /** A connection of its own for each call: PostgreSQL is stopped and started by some suites. */
  async query<T extends object = Row>(database: string, sql: string, values: unknown[] = []): Promise<T[]> {
    return withClient(this.urlOf(database), async (client) => (await client.query<T>(sql, values)).rows);
  }

  /** Throws what PostgreSQL answers when this login may not connect. */
  async connectAs(database: string, login: { user: string; password: string }): Promise<void> {
    await withClient(this.urlOf(database, login), (client) => client.query('SELECT 1'));
  }

  async rowCounts(database: string, tables: readonly string[]): Promise<Record<string, number>> {
    const counts = tables.map((table) => `(SELECT count(*)::int FROM "${table}") AS "${table}"`);
    const [row] = await this.query<Record<string, number>>(database, `SELECT ${counts.join(', ')}`);
    return row ?? {};
  }

  /** Every table of a database with how many rows it has and what they hold: whatever is written shows. */
  async contents(database: string): Promise<Record<string, string>> {
    const listed = `SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY relname`;
    const tables = await this.query<{ relname: string }>(database, listed);
    const columns = tables.map(({ relname }) => {
      const rows = `concat_ws(' ', count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)))`;
      return `(SELECT ${rows} FROM "${relname}" t) AS "${relname}"`;
    });
    const [row] = await this.query<Record<string, string>>(database, `SELECT ${columns.join(', ')}`);
    return row ?? {};
  }
}

/** For suites that hold a transaction open. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  // A connection that PostgreSQL ends while it is idle must not end the test run: the next query says so.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
