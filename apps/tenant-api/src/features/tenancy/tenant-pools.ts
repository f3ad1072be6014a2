import { RefusalError } from '@biplane/kernel';
import { TenancyErrors } from './tenancy.errors.js';

export interface PoolLimits {
  /** Server connections of all pools together. */
  readonly connectionsMax: number;
  readonly poolsMax: number;
  readonly connectionsPerPoolMax: number;
  readonly idleMs: number;
  readonly waitMs: number;
}

/** The service may have 80 connections in all: 20 of them are the home database's, the relay's and those that build databases. */
export const POOL_LIMITS: PoolLimits = {
  connectionsMax: 60,
  poolsMax: 60,
  connectionsPerPoolMax: 3,
  idleMs: 30_000,
  waitMs: 2_000,
};

export interface Closable {
  close(): Promise<void>;
}

interface Pool<Database> {
  readonly key: string;
  readonly database: Promise<Database>;
  /** Connections that the server may hold for this pool: as many as were ever in use at once. */
  reserved: number;
  inUse: number;
  lastUsedMs: number;
  isEvicted: boolean;
}

interface Waiter {
  readonly key: string;
  readonly wake: () => void;
}

/**
 * One pool a tenant database, opened at its first use. Bounded three times: connections in all, pools, connections of one pool, so one
 * busy tenant starves nobody. The longest unused pool makes room; one that is in use closes after its last user.
 */
export class TenantPools<Database extends Closable> {
  /** In the order of their last use: the first is evicted first. */
  private readonly pools = new Map<string, Pool<Database>>();
  private readonly closing = new Map<Pool<Database>, Promise<void>>();
  private waiters: Waiter[] = [];
  private reservedInAll = 0;

  constructor(
    private readonly open: (key: string) => Promise<Database>,
    private readonly limits: PoolLimits = POOL_LIMITS,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  get size(): number {
    return this.pools.size + this.closing.size;
  }

  /** What the server may hold at most now, pools that are closing included. */
  get connections(): number {
    return this.reservedInAll;
  }

  async use<T>(key: string, work: (database: Database) => Promise<T>): Promise<T> {
    const pool = await this.acquire(key);
    try {
      return await work(await pool.database);
    } catch (error) {
      if (await failedToOpen(pool.database)) this.evict(pool);
      throw error;
    } finally {
      this.release(pool);
    }
  }

  /** For a deployment that has moved or whose passwords changed. Resolves when its connections are gone. */
  async drop(key: string): Promise<void> {
    const pool = this.pools.get(key);
    if (!pool) return;
    this.evict(pool);
    await this.closing.get(pool);
  }

  closeIdle(): void {
    const before = this.monotonicMs() - this.limits.idleMs;
    for (const pool of this.pools.values()) if (pool.inUse === 0 && pool.lastUsedMs <= before) this.evict(pool);
  }

  async closeAll(): Promise<void> {
    for (const pool of this.pools.values()) this.evict(pool);
    await Promise.all(this.closing.values());
  }

  private async acquire(key: string): Promise<Pool<Database>> {
    const until = this.monotonicMs() + this.limits.waitMs;
    for (;;) {
      const pool = this.tryAcquire(key);
      if (pool) return pool;
      const leftMs = until - this.monotonicMs();
      if (leftMs <= 0 || !(await this.waitFor(key, leftMs))) {
        const detail = `No database connection was free within ${this.limits.waitMs} ms`;
        throw new RefusalError(TenancyErrors.BUSY({ detail, retryAfterSeconds: 1 }));
      }
    }
  }

  private tryAcquire(key: string): Pool<Database> | undefined {
    let pool = this.pools.get(key);
    if (pool && pool.inUse < pool.reserved) return this.taken(pool);
    if (pool && pool.reserved >= this.limits.connectionsPerPoolMax) return undefined;
    if (!pool && this.pools.size >= this.limits.poolsMax && !this.evictLongestUnused()) return undefined;
    if (this.reservedInAll >= this.limits.connectionsMax) {
      // The room is there once the evicted pool has let go of its connections, not before.
      this.evictLongestUnused();
      return undefined;
    }
    pool ??= this.create(key);
    pool.reserved += 1;
    this.reservedInAll += 1;
    return this.taken(pool);
  }

  private create(key: string): Pool<Database> {
    const database = this.open(key);
    // Whoever uses the pool hears of the failure; without this one the process would hear of it too.
    database.catch(() => undefined);
    const pool = { key, database, reserved: 0, inUse: 0, lastUsedMs: 0, isEvicted: false };
    this.pools.set(key, pool);
    return pool;
  }

  private taken(pool: Pool<Database>): Pool<Database> {
    pool.inUse += 1;
    pool.lastUsedMs = this.monotonicMs();
    this.pools.delete(pool.key);
    this.pools.set(pool.key, pool);
    return pool;
  }

  private release(pool: Pool<Database>): void {
    pool.inUse -= 1;
    pool.lastUsedMs = this.monotonicMs();
    if (pool.isEvicted && pool.inUse === 0) this.close(pool);
    this.wakeOne(pool.key);
  }

  private evictLongestUnused(): boolean {
    for (const pool of this.pools.values()) {
      if (pool.inUse > 0) continue;
      this.evict(pool);
      return true;
    }
    return false;
  }

  private evict(pool: Pool<Database>): void {
    if (pool.isEvicted) return;
    pool.isEvicted = true;
    this.pools.delete(pool.key);
    if (pool.inUse === 0) this.close(pool);
  }

  /** Its connections count until they are gone: whoever waits for room waits for `$disconnect`. */
  private close(pool: Pool<Database>): void {
    if (this.closing.has(pool)) return;
    const closed = pool.database
      .then((database) => database.close())
      .catch(() => undefined)
      .then(() => {
        this.closing.delete(pool);
        this.reservedInAll -= pool.reserved;
        this.wakeAll();
      });
    this.closing.set(pool, closed);
  }

  /** False when the time ran out. */
  private waitFor(key: string, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        key,
        wake: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      const timer = setTimeout(() => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        resolve(false);
      }, ms);
      this.waiters.push(waiter);
    });
  }

  /** A released connection serves its own tenant; with nobody waiting there, its pool may make room for another. */
  private wakeOne(key: string): void {
    const index = Math.max(
      0,
      this.waiters.findIndex((waiter) => waiter.key === key),
    );
    const [waiter] = this.waiters.splice(index, 1);
    waiter?.wake();
  }

  private wakeAll(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (const waiter of waiters) waiter.wake();
  }
}

async function failedToOpen(database: Promise<unknown>): Promise<boolean> {
  return database.then(
    () => false,
    () => true,
  );
}
