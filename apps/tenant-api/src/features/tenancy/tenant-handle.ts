import type { Tx, TransactionOptions, UnitOfWork } from '@biplane/service-kit';
import type { TenantPools } from './tenant-pools.js';

declare const handleBrand: unique symbol;

/**
 * The only way to a tenant's database, queue, cache key or topic key: who has it was resolved once, from the authenticated request, and
 * whoever lacks it reaches nothing. Made by `TenantHandles` only.
 */
export class TenantHandle {
  declare readonly [handleBrand]: true;

  constructor(
    readonly deploymentId: string,
    readonly tenantId: string,
    /** Of the placement that it was resolved under: work that was queued under another one does nothing. */
    readonly epoch: number,
    private readonly pools: TenantPools<UnitOfWork>,
  ) {}

  /** One transaction in the tenant's own database. */
  run<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T> {
    return this.pools.use(this.deploymentId, (database) => database.run(work, options));
  }

  /** Reads outside a transaction. */
  read<T>(work: (reader: Tx) => Promise<T>): Promise<T> {
    return this.pools.use(this.deploymentId, (database) => work(database.reader));
  }
}
