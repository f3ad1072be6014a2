import { isTransactionConflict } from './database-errors.js';
import { openTx, txState, type RawClient, type Tx } from './tx.js';

export type IsolationLevel = 'ReadCommitted' | 'RepeatableRead' | 'Serializable';

/** What is used of a generated PrismaClient. */
export interface TransactionalClient extends RawClient {
  $transaction<T>(
    work: (client: never) => Promise<T>,
    options?: { maxWait?: number; timeout?: number; isolationLevel?: IsolationLevel },
  ): Promise<T>;
  $disconnect(): Promise<void>;
}

export interface TransactionOptions {
  /** Read committed by default, as each connection is told: rules are held by constraints and conditional updates, not by isolation. */
  readonly isolation?: IsolationLevel;
  /** The transaction is rolled back after this; 15 s by default. */
  readonly timeoutMs?: number;
  /** How long to wait for a connection; 2 s by default, then 503. */
  readonly waitMs?: number;
  /**
   * `relaxed`: the commit does not wait for the disk, nor for a standby. What was committed in the last moments before a crash of PostgreSQL
   * may be gone, as if it had never been; the database stays consistent. Only for hints that somebody finds again; `synced` by default.
   */
  readonly durability?: 'synced' | 'relaxed';
  /** Tries in all when PostgreSQL reports a deadlock or a serialization failure; 5 by default. */
  readonly attemptsMax?: number;
}

const TIMEOUT_MS = 15_000;
const WAIT_MS = 2_000;
const ATTEMPTS_MAX = 5;
const BACKOFF_FIRST_MS = 10;
const BACKOFF_MAX_MS = 250;

/**
 * Transactions of one database. `run` commits when the work resolves and rolls everything back when it throws; a work
 * that PostgreSQL chose as a deadlock's victim runs again, so it must have no effect outside its transaction.
 */
export class UnitOfWork {
  /** Reads outside a transaction: each statement sees what is committed then. */
  readonly reader: Tx;

  constructor(
    private readonly client: TransactionalClient,
    private readonly onHookError: (error: unknown) => void = () => undefined,
  ) {
    this.reader = openTx(client, null);
  }

  /**
   * Calls `hook` once the transaction is committed, never before, and not at all when it rolls back. For nudges only:
   * a process that is killed in between loses the call.
   */
  static afterCommit(tx: Tx, hook: () => void): void {
    const { afterCommit } = txState(tx);
    if (afterCommit === null) throw new Error('afterCommit needs a transaction, not a reader');
    afterCommit.push(hook);
  }

  async run<T>(work: (tx: Tx) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const attemptsMax = options.attemptsMax ?? ATTEMPTS_MAX;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(work, options);
      } catch (error) {
        if (attempt >= attemptsMax || !isTransactionConflict(error)) throw error;
        await pause(attempt);
      }
    }
  }

  /** Ends the pool; transactions in flight are finished first. */
  async close(): Promise<void> {
    await this.client.$disconnect();
  }

  private async attempt<T>(work: (tx: Tx) => Promise<T>, options: TransactionOptions): Promise<T> {
    const hooks: (() => void)[] = [];
    const begun = async (client: RawClient): Promise<T> => {
      if (options.durability === 'relaxed') await client.$executeRawUnsafe('SET LOCAL synchronous_commit = off');
      return work(openTx(client, hooks));
    };
    const result = await this.client.$transaction<T>(begun, {
      maxWait: options.waitMs ?? WAIT_MS,
      timeout: options.timeoutMs ?? TIMEOUT_MS,
      ...(options.isolation && { isolationLevel: options.isolation }),
    });
    for (const hook of hooks) {
      try {
        hook();
      } catch (error) {
        // The work is committed: a failed nudge must not turn its answer into an error.
        this.onHookError(error);
      }
    }
    return result;
  }
}

/** Full jitter, so that two victims of one deadlock do not meet again. */
async function pause(attempt: number): Promise<void> {
  const ceilingMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** attempt);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * ceilingMs));
}
