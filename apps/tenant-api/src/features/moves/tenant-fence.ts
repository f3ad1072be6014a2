import { TENANT_APPLICATION } from '../../database.js';
import type { Session } from '../tenancy/index.js';

const POLL_MS = 50;
const READ_ONLY = 'default_transaction_read_only';

/**
 * Once this resolves nobody writes into the tenant's database by the login of this home and epoch, whatever license a process goes by:
 * who comes in reads, and whoever was in before is put out. One that is idle goes at once, one in a transaction when that ends, and after
 * `waitMs` with it: what it had not committed was promised to nobody. `session` is one of that login, and may be anew after a crash.
 */
export async function closeToWrites(session: Session, waitMs: number): Promise<void> {
  await session.query(`SET ${READ_ONLY} = off`);
  await session.query(`ALTER ROLE CURRENT_USER SET ${READ_ONLY} = on`);
  await replaceSessions(session, waitMs);
}

/** And back: whoever came in meanwhile may only read, and comes again. */
export async function openToWrites(session: Session, waitMs: number): Promise<void> {
  await session.query(`SET ${READ_ONLY} = off`);
  await session.query(`ALTER ROLE CURRENT_USER RESET ${READ_ONLY}`);
  await replaceSessions(session, waitMs);
}

async function replaceSessions(session: Session, waitMs: number): Promise<void> {
  // eslint-disable-next-line biplane/no-sql-clock -- compared with backend_start, which is the server's own
  const { rows } = await session.query<{ at: string }>('SELECT clock_timestamp()::text AS at');
  const until = performance.now() + waitMs;
  // One that was just coming in is seen a moment later.
  for (let looksWithout = 0; looksWithout < 2;) {
    const left = await endSessions(session, rows[0]!.at, performance.now() >= until);
    looksWithout = left === 0 ? looksWithout + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** How many of before then are there. An export has a name of its own: it reads for minutes, and writes nothing. */
async function endSessions(session: Session, before: string, isLate: boolean): Promise<number> {
  const { rows } = await session.query(
    `SELECT CASE WHEN $2::boolean OR state = 'idle' THEN pg_terminate_backend(pid) END AS ended FROM pg_stat_activity
      WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
        AND application_name = $3 AND backend_start < $1::timestamptz`,
    [before, isLate, TENANT_APPLICATION],
  );
  return rows.length;
}
