import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { UnitOfWork, type TransactionalClient } from './unit-of-work.js';

/** Handed to the generated client: `(adapter) => new PrismaClient({ adapter })`. */
export type PrismaAdapter = PrismaPg;

export interface DatabaseOptions {
  readonly url: string;
  readonly clientFactory: (adapter: PrismaAdapter) => unknown;
  /** Server connections of this pool at most; 10 by default. */
  readonly poolMax?: number;
  readonly idleMs?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  readonly onError?: (error: unknown) => void;
}

const POOL_MAX = 10;
const IDLE_MS = 30_000;
const CONNECT_MS = 2_000;
const STATEMENT_MS = 30_000;
/** Said once a connection: as an option of each transaction it costs each a round trip. */
const ISOLATION = 'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED';

/** Opens nothing yet: the first statement connects, so an application can be built with its database down. */
export function openDatabase(options: DatabaseOptions): UnitOfWork {
  const onError = options.onError ?? (() => undefined);
  const adapter = new PrismaPg(openPool(options, onError), {
    disposeExternalPool: true,
    onPoolError: onError,
    onConnectionError: onError,
  });
  return new UnitOfWork(options.clientFactory(adapter) as TransactionalClient, onError);
}

/** A pool whose connections may be ended by the server at any instant without ending the process. */
export function openPool(options: DatabaseOptions, onError: (error: unknown) => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolMax ?? POOL_MAX,
    idleTimeoutMillis: options.idleMs ?? IDLE_MS,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: STATEMENT_MS,
    keepAlive: true,
    application_name: options.applicationName ?? 'biplane',
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- pg hands nobody the connection before this is answered; its types say void
    onConnect: (client) => client.query(ISOLATION),
  });
  // pg takes its own listener away before the borrower can add one; an end in between would be nobody's error.
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}
